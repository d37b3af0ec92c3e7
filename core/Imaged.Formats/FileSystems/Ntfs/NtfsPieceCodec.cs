namespace Imaged.Formats.Ntfs;

/// <summary>Methods of compressing a file as a whole, by their numbers in the reparse point, and the length of their
/// pieces.</summary>
internal enum NtfsPieceCodec : uint
{
    Xpress4K = 0,
    Lzx = 1,
    Xpress8K = 2,
    Xpress16K = 3,
}
