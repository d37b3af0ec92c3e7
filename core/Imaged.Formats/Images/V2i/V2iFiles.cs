using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.V2i;

/// <summary>The blocks of all files of a set, one behind the other.</summary>
/// <param name="Blocks">All slots but the first one of the base file.</param>
/// <param name="ImageId">Of the set.</param>
internal sealed record V2iFiles(BlockSource Blocks, uint ImageId)
{
    /// <summary>How many blocks there are.</summary>
    public long BlockCount => Blocks.Length / V2iHeader.SlotLength;

    /// <summary>Opens the spans: <c>disk.v2i</c> goes on in <c>disk_s01.v2i</c>.</summary>
    /// <exception cref="ImageFormatException">One is missing, or shorter than it was.</exception>
    public static V2iFiles Open(ImageOpener opener, V2iHeader header, V2iMetadata metadata)
    {
        List<BlockSource> parts = [new SliceSource(
            opener.Content, V2iHeader.SlotLength, WholeLength(opener.Content, opener.FileName) - V2iHeader.SlotLength)];
        for (int number = 1; number < metadata.FileCount; number++)
        {
            string name = NameOf(opener.FileName, number);
            BlockSource file = BackingFile.OpenSibling(opener, V2iFormat.Info.Id, name, "span");
            parts.Add(new SliceSource(file, 0, WholeLength(file, name)));
        }

        V2iFiles files = new(new ConcatSource(parts, ownsParts: false), header.ImageId);
        if (files.BlockCount < metadata.BlockCount)
        {
            V2iFormat.Throw(
                opener.Content.Length,
                $"there are {files.BlockCount} of {metadata.BlockCount} blocks: a file was cut off");
        }

        return files;
    }

    /// <summary>Name of the base file that a span belongs to; null when its name does not tell.</summary>
    public static string? BaseOf(string name)
    {
        string stem = Path.GetFileNameWithoutExtension(name);
        int mark = stem.LastIndexOf("_s", StringComparison.OrdinalIgnoreCase);
        return mark > 0 && int.TryParse(stem.AsSpan(mark + 2), NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? stem[..mark] + Path.GetExtension(name)
            : null;
    }

    /// <summary>Reads the header of a block.</summary>
    /// <param name="source">The blocks, or a cache before them.</param>
    /// <param name="index">Number of the block, from 0 on.</param>
    /// <exception cref="ImageFormatException">It is damaged, or of another set.</exception>
    public V2iHeader ReadHeader(BlockSource source, long index)
    {
        Span<byte> raw = stackalloc byte[V2iHeader.Length];
        source.Read(index * V2iHeader.SlotLength, raw);
        return Check(V2iHeader.Parse(raw, index * V2iHeader.SlotLength), index);
    }

    /// <summary>Throws unless a header is the one that belongs to a place.</summary>
    public V2iHeader Check(V2iHeader header, long index)
    {
        if (header.IsBase || header.ImageId != ImageId || header.Sequence != index + 1)
        {
            V2iFormat.Throw(
                index * V2iHeader.SlotLength,
                $"where block {index + 1} of image {ImageId} should be stands block {header.Sequence} of image "
                + $"{header.ImageId}");
        }

        return header;
    }

    private static string NameOf(string name, int number) => FormattableString.Invariant(
        $"{Path.GetFileNameWithoutExtension(name)}_s{number:D2}{Path.GetExtension(name)}");

    // A file is cut off in the middle of a block when its copying was.
    private static long WholeLength(BlockSource file, string name)
    {
        if (file.Length % V2iHeader.SlotLength != 0)
        {
            V2iFormat.Throw(
                file.Length, $"'{name}' has {file.Length} bytes, no number of whole blocks: it was cut off");
        }

        return file.Length;
    }
}
