using Imaged.Blocks;

namespace Imaged.Worker.Serve;

/// <summary>Sources for what the kernel gets to see.</summary>
internal static class PaddedSource
{
    /// <summary>The source, filled up with zeros to <paramref name="length"/> bytes; itself when it has them.</summary>
    public static BlockSource Create(BlockSource source, long length) =>
        source.Length >= length
            ? source
            : new ConcatSource([source, new ZeroSource(length - source.Length)], ownsParts: false);
}
