using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;
using Imaged.TestKit;

namespace Imaged.Conformance.Optical;

/// <summary>Raw sectors around the data that an independent program made. How sectors are built is held to vectors of
/// other programs in the unit tests.</summary>
internal static class RawDisc
{
    /// <summary>A volume of some files, made by <c>genisoimage</c>; a multiple of 2048 bytes.</summary>
    public static byte[] MakeIso(TemporaryFolder folder, string options = "-R -J")
    {
        Requires.Tool("genisoimage");
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir -p tree/inner
            seq 1 30000 > tree/numbers.txt
            head -c 300000 /dev/zero | tr '\0' 'x' > tree/inner/many-x
            genisoimage -quiet {{options}} -V RAWDISC -o disc.iso tree
            """);
        return File.ReadAllBytes(folder["disc.iso"]);
    }

    /// <summary>Whole sectors of 2352 bytes.</summary>
    public static byte[] Sectors(ReadOnlySpan<byte> data, TrackMode mode = TrackMode.Mode1, long firstLba = 0)
    {
        byte[] raw = new byte[data.Length / 2048 * 2352];
        for (int i = 0; i < data.Length / 2048; i++)
        {
            RawSector.Build(
                mode, SectorLayout.Data2048, firstLba + i, data.Slice(i * 2048, 2048), raw.AsSpan(i * 2352, 2352));
        }

        return raw;
    }

    /// <summary>The part of each whole sector that a layout stores, with something behind it.</summary>
    public static byte[] Store(byte[] raw, int begin, int length, int behind)
    {
        int count = raw.Length / 2352;
        byte[] stored = new byte[count * (length + behind)];
        for (int i = 0; i < count; i++)
        {
            raw.AsSpan((i * 2352) + begin, length).CopyTo(stored.AsSpan(i * (length + behind)));
            stored.AsSpan((i * (length + behind)) + length, behind).Fill(0xc5);
        }

        return stored;
    }

    /// <summary>Samples of sound that differ from each other.</summary>
    public static byte[] Sound(int sectors, int seed)
    {
        byte[] sound = new byte[sectors * 2352];
        new Random(seed).NextBytes(sound);
        return sound;
    }

    /// <summary>Opens a file of a folder with all that lies beside it.</summary>
    public static DiskImage Open(FolderFiles files, string name, string? format = null) =>
        Formats.ImageFormats.Open(new ImageOpener(files.First, name, files, new BlockCache(4 << 20)), format);

    /// <summary>Everything of a source.</summary>
    public static byte[] All(BlockSource source) => source.ReadBytes(0, (int)source.Length);
}
