using System.Globalization;
using Imaged.Blocks;

namespace Imaged.Formats.Signatures;

/// <summary>The label of a ZFS pool member: a list of names and values in XDR, four copies of it.</summary>
internal static class ZfsLabel
{
    private const int LabelLength = 256 << 10;
    private const int ListOffset = 16 << 10;
    private const int ListLength = 112 << 10;
    private const int MaxPairs = 256;
    private const uint TypeUInt64 = 8;
    private const uint TypeString = 9;

    /// <summary>Offset of the first copy that names a pool, or -1.</summary>
    public static long Find(BlockSource volume)
    {
        // The last two copies stand at the end of the volume, whose length is a multiple of a label's.
        long end = volume.Length & ~(LabelLength - 1L);
        ReadOnlySpan<long> places = [0, LabelLength, end - (2 * LabelLength), end - LabelLength];
        foreach (long offset in places[..(volume.IsOneWay ? 2 : 4)])
        {
            SignatureReader reader = new(volume, offset);
            if (reader.Has(ListOffset, [1]) && PoolName(reader) is not null && PoolId(reader) is not null)
            {
                return offset;
            }
        }

        return -1;
    }

    public static string? PoolName(SignatureReader reader)
    {
        long at = FindPair(reader, "name", TypeString);
        return at < 0 ? null : reader.Text(at + 4, (int)Math.Min(reader.BigU32(at), 256));
    }

    public static string? PoolId(SignatureReader reader)
    {
        long at = FindPair(reader, "pool_guid", TypeUInt64);
        return at < 0 ? null : reader.BigU64(at).ToString(CultureInfo.InvariantCulture);
    }

    // Where the value of a pair stands: size of the pair, size in memory, name (length, bytes padded to 4), type,
    // count, value. A size of zero ends the list.
    private static long FindPair(SignatureReader reader, string name, uint type)
    {
        long at = ListOffset + 12;
        for (int i = 0; i < MaxPairs && at < ListOffset + ListLength; i++)
        {
            uint size = reader.BigU32(at);
            uint nameLength = reader.BigU32(at + 8);
            if (size < 20 || size > ListLength || nameLength > 256)
            {
                return -1;
            }

            long value = at + 12 + ((nameLength + 3) & ~3u);
            if (reader.BigU32(value) == type && reader.Text(at + 12, (int)nameLength) == name)
            {
                return value + 8;
            }

            at += size;
        }

        return -1;
    }
}
