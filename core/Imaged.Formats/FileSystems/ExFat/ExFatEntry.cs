using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.ExFat;

/// <summary>A file or directory: a set of directory entries.</summary>
internal sealed record ExFatEntry
{
    /// <summary>Byte offset of its first entry in the volume.</summary>
    public required long Offset { get; init; }

    /// <summary>Its bytes, as <see cref="FileNames.FromUtf16"/> makes them.</summary>
    public required byte[] Name { get; init; }

    public required DosAttributes Attributes { get; init; }

    /// <summary>Whether its clusters follow each other, and the FAT says nothing of them.</summary>
    public required bool IsContiguous { get; init; }

    public required uint FirstCluster { get; init; }

    /// <summary>Length in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>Bytes that were written; zeros follow.</summary>
    public required long ValidLength { get; init; }

    public required Timestamp Created { get; init; }

    public required Timestamp Modified { get; init; }

    public required Timestamp Accessed { get; init; }

    public bool IsDirectory => (Attributes & DosAttributes.Directory) != 0;
}
