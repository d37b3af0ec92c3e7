namespace Imaged.Formats.Hfs;

/// <summary>Where HFS and HFS+ differ in what is otherwise the same: trees, keys and extents.</summary>
/// <param name="Format">Id of the file system, for errors.</param>
/// <param name="KeyLengthSize">Bytes of a key's length. The file number in a key of the extents file stands as many
/// bytes behind it.</param>
/// <param name="NumberSize">Bytes of a block number: 2 or 4.</param>
/// <param name="ExtentsPerRecord">Extents in a record of them.</param>
internal sealed record HfsLayout(string Format, int KeyLengthSize, int NumberSize, int ExtentsPerRecord)
{
    /// <summary>Bytes of a record of extents.</summary>
    public int ExtentRecordLength => 2 * NumberSize * ExtentsPerRecord;
}
