namespace Imaged.Formats.Images.Clonezilla;

/// <summary>A partition of the table that Clonezilla saved.</summary>
/// <param name="Name">Name of its device, such as <c>sda1</c>.</param>
/// <param name="Offset">Byte offset on the disk.</param>
/// <param name="Length">Bytes, at least 1.</param>
/// <param name="Type">Its type as the table has it, in lower case; empty when it has none.</param>
internal sealed record ClonezillaPartition(string Name, long Offset, long Length, string Type)
{
    /// <summary>Byte offset behind it.</summary>
    public long End => Offset + Length;

    /// <summary>Whether it only holds other partitions (MBR types 05, 0f, 85).</summary>
    public bool IsExtended => Type is "5" or "05" or "f" or "0f" or "85";
}
