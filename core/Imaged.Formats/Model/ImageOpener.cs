using System.Collections.Immutable;
using Imaged.Blocks;

namespace Imaged.Formats.Model;

/// <summary>What a format gets to open an image with.</summary>
/// <param name="Content">The bytes of the file that the user named, or of the layer below.</param>
/// <param name="FileName">Its name without a folder; empty for a layer inside an image.</param>
/// <param name="Siblings">The files beside it; null inside an image.</param>
/// <param name="Cache">For decoded blocks, shared by all layers.</param>
public sealed record ImageOpener(BlockSource Content, string FileName, HostFiles? Siblings, BlockCache Cache)
{
    /// <summary>The password that the user gave, as bytes without a line end; null when there is none.</summary>
    public byte[]? Password { get; init; }

    /// <summary>Id or name of the snapshot that the user wants to see instead of the disk of now; null for none. Only
    /// formats with <see cref="FormatCaps.Snapshots"/> get one.</summary>
    public string? Snapshot { get; init; }

    /// <summary>Names of the images that this one backs, from the one that the user named on: a chain of backing files
    /// has an end, and no image is in it twice.</summary>
    public ImmutableArray<string> Overlays { get; init; } = [];

    /// <summary>Where indexes and decoded bytes are kept; null for nowhere: then they are found out again.</summary>
    public ISeekIndexStore? IndexStore { get; init; }

    /// <summary>Told now and then while the whole file has to be read: bytes done, and all of them. What it throws ends
    /// the reading. Null when nobody wants to know.</summary>
    public Action<long, long>? Progress { get; init; }

    /// <summary>The password.</summary>
    /// <param name="format">Id of the format that needs it.</param>
    /// <exception cref="PasswordException">There is none.</exception>
    public byte[] RequirePassword(string format) => Password ?? throw new PasswordException(format, isMissing: true);
}
