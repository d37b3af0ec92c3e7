using Imaged.Blocks;

namespace Imaged.Formats.Iso9660;

/// <summary>Which names a tree shows.</summary>
internal enum IsoScheme
{
    /// <summary>Identifiers of the primary tree.</summary>
    Plain,

    /// <summary>The enhanced tree of ISO 9660:1999.</summary>
    Enhanced,

    /// <summary>The Joliet tree.</summary>
    Joliet,

    /// <summary>The primary tree with Rock Ridge.</summary>
    RockRidge,
}

/// <summary>What it takes to read the records of one tree.</summary>
/// <param name="Volume">The bytes.</param>
/// <param name="BlockSize">Unit of extents in bytes.</param>
/// <param name="ShiftBlocks">Blocks that are missing before the volume: what to take off each extent.</param>
/// <param name="IsHighSierra">Whether records are those of High Sierra.</param>
/// <param name="Scheme">Names.</param>
/// <param name="SystemUseSkip">Bytes to skip in each system use area before Rock Ridge's entries.</param>
internal sealed record IsoLayout(
    BlockSource Volume, int BlockSize, long ShiftBlocks, bool IsHighSierra, IsoScheme Scheme, int SystemUseSkip)
{
    /// <summary>Byte offset of a block; may be outside the volume.</summary>
    public long OffsetOf(long block) => (block - ShiftBlocks) * BlockSize;

    /// <summary>Where the directory of a record lies.</summary>
    public IsoDirectory DirectoryOf(in IsoRecord record) =>
        new(OffsetOf((long)record.Extent + record.AttributeBlocks), record.DataLength);
}

/// <summary>Where the records of a directory stand.</summary>
/// <param name="Offset">Byte offset in the volume, not checked.</param>
/// <param name="Length">Length in bytes, not checked.</param>
internal readonly record struct IsoDirectory(long Offset, long Length);
