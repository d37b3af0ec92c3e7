using System.Globalization;
using Imaged.Blocks;

namespace Imaged.Formats.Signatures;

/// <summary>UFS 1 and 2, in either byte order.</summary>
internal static class UfsVolume
{
    private const int MagicOffset = 1372;
    private const uint Magic1 = 0x00011954;
    private const uint Magic2 = 0x19540119;

    /// <summary>Offset of the superblock, which may stand in four places, or -1.</summary>
    public static long Find(BlockSource volume)
    {
        foreach (long offset in (ReadOnlySpan<long>)[0, 8192, 65536, 262144])
        {
            if (IsMagic(new(volume, offset)))
            {
                return offset;
            }
        }

        return -1;
    }

    public static string? Version(SignatureReader reader) =>
        reader.U32(MagicOffset) == Magic2 || reader.BigU32(MagicOffset) == Magic2 ? "2" : "1";

    public static string? Label(SignatureReader reader) => Version(reader) == "2" ? reader.Text(680, 32) : null;

    public static string? Uuid(SignatureReader reader)
    {
        bool isLittle = reader.U32(MagicOffset) is Magic1 or Magic2;
        uint first = isLittle ? reader.U32(144) : reader.BigU32(144);
        uint second = isLittle ? reader.U32(148) : reader.BigU32(148);
        return (first | second) == 0
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{first:x8}{second:x8}");
    }

    private static bool IsMagic(SignatureReader reader) =>
        reader.U32(MagicOffset) is Magic1 or Magic2 || reader.BigU32(MagicOffset) is Magic1 or Magic2;
}
