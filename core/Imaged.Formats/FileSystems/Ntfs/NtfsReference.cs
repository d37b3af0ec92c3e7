namespace Imaged.Formats.Ntfs;

/// <summary>What names a file: the number of its record in the MFT (48 bits), and the sequence number that the record
/// has as long as it is this file (16 bits).</summary>
/// <param name="Value">Both in one.</param>
internal readonly record struct NtfsReference(ulong Value)
{
    private const int SequenceShift = 48;

    /// <summary>Number of the record.</summary>
    public ulong Number => Value & ((1ul << SequenceShift) - 1);

    /// <summary>Sequence number; 0 for any.</summary>
    public int Sequence => (int)(Value >> SequenceShift);

    public static NtfsReference Of(ulong number, int sequence) => new(((ulong)sequence << SequenceShift) | number);
}
