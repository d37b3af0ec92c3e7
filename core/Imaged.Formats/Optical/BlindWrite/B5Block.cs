namespace Imaged.Formats.Optical.BlindWrite;

/// <summary>A run of sectors in one file, as a descriptor of version 5 or 6 has it. A track may be in several, and a
/// run may hold several tracks.</summary>
/// <param name="FileName">Name of the file.</param>
/// <param name="Offset">Byte offset of the first sector in it.</param>
/// <param name="Length">Bytes of all its sectors.</param>
/// <param name="Lba">First sector.</param>
/// <param name="Count">Number of sectors.</param>
/// <param name="EntryOffset">Byte offset of the entry, for errors.</param>
internal sealed record B5Block(string FileName, long Offset, long Length, long Lba, long Count, long EntryOffset)
{
    /// <summary>Sector just behind it.</summary>
    public long EndLba => Lba + Count;
}
