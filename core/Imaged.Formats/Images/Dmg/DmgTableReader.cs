using Imaged.Blocks;
using Imaged.Formats.Apple;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Dmg;

/// <summary>Finds the block tables: in a property list, in a resource fork of the image, or in one beside it
/// (AppleDouble, <c>._name</c>).</summary>
internal static class DmgTableReader
{
    private const int MaxTables = 65536;
    private const int MaxChunks = 1 << 22;

    private static ReadOnlySpan<byte> Type => "blkx"u8;

    /// <summary>Reads all tables in their order.</summary>
    /// <exception cref="ImageFormatException">There are none, or one is damaged.</exception>
    public static List<DmgTable> Read(DmgSegments segments, ImageOpener opener)
    {
        List<(string Name, byte[] Raw)> found = FindTables(segments, opener);
        if (found.Count is 0 or > MaxTables)
        {
            ImageFormatException.Throw(DmgFormat.Info.Id, 0, $"the image has {found.Count} block tables");
        }

        List<DmgTable> tables = [];
        long chunks = 0;
        foreach ((string name, byte[] raw) in found)
        {
            tables.Add(DmgTable.Parse(raw, name, segments.Fork));
            chunks += tables[^1].Chunks.Length;
            if (chunks > MaxChunks)
            {
                ImageFormatException.Throw(DmgFormat.Info.Id, 0, $"the image has more than {MaxChunks} chunks");
            }
        }

        return tables;
    }

    private static List<(string Name, byte[] Raw)> FindTables(DmgSegments segments, ImageOpener opener)
    {
        foreach (DmgSegment segment in segments.All)
        {
            KolyTrailer trailer = segment.Trailer;
            if (trailer.ListLength > 0)
            {
                return ReadList(segment.File, trailer);
            }

            if (trailer.ResourceLength > 0)
            {
                using SliceSource fork = new(segment.File, trailer.ResourceOffset, trailer.ResourceLength);
                return ReadFork(fork);
            }
        }

        using BlockSource? beside = AppleDouble.FindResourceFork(DmgFormat.Info.Id, opener);
        return beside is null ? [] : ReadFork(beside);
    }

    private static List<(string Name, byte[] Raw)> ReadList(BlockSource file, KolyTrailer trailer)
    {
        if (trailer.ListLength > PropertyListReader.MaxLength)
        {
            ImageFormatException.Throw(
                DmgFormat.Info.Id, trailer.ListOffset, $"the property list has {trailer.ListLength} bytes");
        }

        byte[] text = file.ReadBytes(trailer.ListOffset, (int)trailer.ListLength);
        PlistValue root = PropertyListReader.Read(DmgFormat.Info.Id, text, trailer.ListOffset);
        List<(string Name, byte[] Raw)> tables = [];
        foreach (PlistValue entry in root["resource-fork"]?["blkx"]?.Items ?? [])
        {
            string name = entry["CFName"]?.Text ?? entry["Name"]?.Text ?? string.Empty;
            tables.Add((name, entry["Data"]?.Data ?? throw new ImageFormatException(
                DmgFormat.Info.Id, trailer.ListOffset, $"the block table '{name}' has no data")));
        }

        return tables;
    }

    private static List<(string Name, byte[] Raw)> ReadFork(BlockSource fork) =>
        [.. ResourceFork.Read(DmgFormat.Info.Id, fork, Type, MaxTables).Select(raw => (string.Empty, raw))];
}
