namespace Imaged.Formats.Signatures;

/// <summary>The label of an exFAT volume: an entry of its root directory.</summary>
internal static class ExfatVolume
{
    private const int EntrySize = 32;
    private const byte LabelEntry = 0x83;
    private const int MaxLabelLength = 11;

    // The label is one of the first entries of every volume in the wild.
    private const int MaxEntries = 1024;

    public static bool IsValid(SignatureReader reader) =>
        reader.U8(0) == 0xeb && reader.U8(108) is >= 9 and <= 12 && reader.U8(108) + reader.U8(109) <= 25
        && reader.U8(110) is 1 or 2 && reader.U16(11) == 0;

    public static string? Label(SignatureReader reader)
    {
        int sectorShift = reader.U8(108);
        long clusterSize = 1L << (sectorShift + reader.U8(109));
        long fat = (long)reader.U32(80) << sectorShift;
        long heap = (long)reader.U32(88) << sectorShift;
        uint clusters = reader.U32(92);
        uint cluster = reader.U32(96);
        int count = 0;
        while (cluster >= 2 && cluster - 2 < clusters)
        {
            long at = heap + ((cluster - 2) * clusterSize);
            for (long i = 0; i < clusterSize; i += EntrySize)
            {
                byte type = reader.U8(at + i);
                if (type == 0 || ++count > MaxEntries)
                {
                    return null;
                }

                if (type == LabelEntry)
                {
                    return reader.Text16(at + i + 2, Math.Min((int)reader.U8(at + i + 1), MaxLabelLength));
                }
            }

            cluster = reader.U32(fat + (4L * cluster));
        }

        return null;
    }
}
