namespace Imaged.Formats.Images.Dmg;

/// <summary>How the bytes of a chunk are stored.</summary>
internal enum DmgChunkKind : uint
{
    Zero = 0,
    Raw = 1,
    Ignore = 2,
    Comment = 0x7ffffffe,
    KenCode = 0x80000001,
    Rle = 0x80000002,
    Lzh = 0x80000003,
    Adc = 0x80000004,
    Zlib = 0x80000005,
    Bzip2 = 0x80000006,
    Lzfse = 0x80000007,
    Xz = 0x80000008,
    End = 0xffffffff,
}
