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

    /// <summary>The disc, when the image is of one that is described by sessions and tracks; null for plain
    /// bytes.</summary>
    public Disc? Disc { get; init; }

    /// <summary>Checks what only the format knows of: checksums, error correction. Null when there is nothing; that
    /// every byte of <see cref="Content"/> can be read is checked by the caller. Damage is reported, not thrown; the
    /// source's own errors pass.</summary>
    public Action<ImageCheck>? Verify { get; init; }

    /// <summary>What else belongs to the image, besides its content.</summary>
    public ImmutableArray<IDisposable> Owned { get; init; } = [];

    /// <summary>The same image with one more warning; takes its place.</summary>
    internal DiskImage With(string warning) => new(Format, Content)
    {
        Details = Details,
        Warnings = Warnings.Add(warning),
        Disc = Disc,
        Verify = Verify,
        Owned = Owned,
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        Content.Dispose();
        foreach (IDisposable owned in Owned)
        {
            owned.Dispose();
        }
    }
}
