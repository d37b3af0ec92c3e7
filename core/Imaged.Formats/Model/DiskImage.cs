using System.Collections.Immutable;
using Imaged.Blocks;

namespace Imaged.Formats.Model;

/// <summary>An opened image: its decoded content and what is known of it. Thread-safe like its content.</summary>
public sealed class DiskImage : IDisposable
{
    /// <summary>Takes ownership of <paramref name="content"/>.</summary>
    public DiskImage(FormatInfo format, BlockSource content)
    {
        Format = format;
        Content = content;
    }

    /// <summary>The format.</summary>
    public FormatInfo Format { get; }

    /// <summary>The bytes of the disk.</summary>
    public BlockSource Content { get; }

    /// <summary>Further facts for people, in order: name and value.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Details { get; init; } = [];

    /// <summary>Harmless oddities, one sentence each without a full stop.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];

    /// <inheritdoc/>
    public void Dispose() => Content.Dispose();
}
