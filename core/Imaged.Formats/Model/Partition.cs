using System.Collections.Immutable;
using Imaged.Blocks;

namespace Imaged.Formats.Model;

/// <summary>A partition.</summary>
/// <param name="Number">As the kernel would number it, from 1; logical MBR partitions begin at 5.</param>
/// <param name="Offset">Byte offset in the disk.</param>
/// <param name="Length">Length in bytes, clipped to the end of the disk.</param>
/// <param name="TypeId">Type as stored: two hex digits for MBR, an upper-case GUID for GPT, the text for APM.</param>
/// <param name="TypeName">The type for people.</param>
public sealed record Partition(int Number, long Offset, long Length, string TypeId, string TypeName)
{
    /// <summary>Name in the table; null when it has none.</summary>
    public string? Name { get; init; }

    /// <summary>The partition's own GUID, or <c>disk id-number</c> for MBR, in lower case; null when there is
    /// none.</summary>
    public string? Uuid { get; init; }

    /// <summary>Whether it is marked as active or bootable.</summary>
    public bool Bootable { get; init; }
}

/// <summary>A partition table.</summary>
/// <param name="TypeId"><c>mbr</c>, <c>gpt</c>, <c>apm</c>.</param>
/// <param name="SectorSize">Logical sector size in bytes that the table's addresses are in.</param>
/// <param name="Partitions">The partitions that can be read, by number; free space and table areas left out.</param>
public sealed record PartitionTable(string TypeId, int SectorSize, ImmutableArray<Partition> Partitions)
{
    /// <summary>Disk GUID or MBR disk id in hex, lower case; null when there is none.</summary>
    public string? Uuid { get; init; }

    /// <summary>Harmless oddities, one sentence each without a full stop.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];
}

/// <summary>A kind of partition table; registered by one line in <see cref="PartitionTables"/>.</summary>
public interface IPartitionTableFormat
{
    /// <summary><c>mbr</c>, <c>gpt</c>, <c>apm</c>.</summary>
    static abstract string Id { get; }

    /// <summary>Reads the table, or returns null when there is none of this kind. Single bad entries are left out with
    /// a warning. Throws only what the disk's own reads throw.</summary>
    static abstract PartitionTable? Read(BlockSource disk);
}
