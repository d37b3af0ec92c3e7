using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Tree;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;

namespace Imaged.Fuzz;

/// <summary>One target per parser. Those of formats come from the registration tables: a new format is fuzzed without a
/// line here.</summary>
public static class FuzzTargets
{
    /// <summary>All targets.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        .. FileSystems.All.Where(entry => entry.Info.CanRead).Select(FileSystem),
        .. FileSystems.All.Where(entry => !entry.Info.CanRead).Select(Probe),
        .. UsedBlockMaps.All.Select(UsedBlocks),
        .. PartitionTables.All.Select(Table),
        .. ImageFormats.All.Select(Image),
        new("detect", _ => true, Detect),
        MessageTargets.FuseRequest,
        MessageTargets.VarlinkMessage,
        BackupTarget.Manifest,
    ];

    /// <summary>The target of this name.</summary>
    public static FuzzTarget Find(string name) =>
        All.FirstOrDefault(target => target.Name == name)
        ?? throw new ArgumentException($"no target '{name}'; there are: {string.Join(' ', All.Select(t => t.Name))}");

    private static BlockCache NewCache() => new(4 << 20);

    private static FuzzTarget FileSystem(FileSystemEntry entry) =>
        new(entry.Info.Id, source => entry.Probe(source) is not null, source =>
        {
            _ = entry.Probe(source);
            HostileInput.Allow(() =>
            {
                using FileTree tree = entry.Open(source, new FileTreeOptions(NewCache()));
                TreeWalk.Touch(tree);
            });

            // A session by its number is looked for in another way than the last one.
            for (int session = 1; session <= (entry.Info.Id is "iso9660" or "udf" or "wim" ? 2 : 0); session++)
            {
                FileTreeOptions options = new(NewCache()) { Session = session };
                HostileInput.Allow(() =>
                {
                    using FileTree tree = entry.Open(source, options);
                    _ = tree.ReadDirectory(tree.Root.Id, 0).Take(10).Count();
                });
            }
        });

    private static FuzzTarget Probe(FileSystemEntry entry) =>
        new(entry.Info.Id, source => entry.Probe(source) is not null, source => _ = entry.Probe(source));

    private static FuzzTarget UsedBlocks(UsedBlockMapEntry entry)
    {
        FileSystemEntry fileSystem = FileSystems.Find(entry.FileSystem)!;
        return new("used-" + entry.FileSystem, source => fileSystem.Probe(source) is not null, source =>
        {
            HostileInput.Allow(() => _ = entry.Read(source));
            foreach (BlockRange range in UsedBlockMaps.Read(source).Blocks.Ranges())
            {
                using SliceSource slice = new(source, range.Offset, range.Length);
            }
        });
    }

    private static FuzzTarget Table(PartitionTableEntry entry) =>
        new(entry.Id, source => entry.Read(source) is not null, source =>
        {
            // What the table says lies inside the disk, and is not empty.
            foreach (Partition partition in entry.Read(source)?.Partitions ?? [])
            {
                using SliceSource slice = new(source, partition.Offset, partition.Length);
                _ = slice.ReadBytes(slice.Length - 1, 1);
            }

            TableChangeContract.Check(source);
        });

    private static FuzzTarget Image(FormatEntry entry) =>
        new("image-" + entry.Info.Id, source => Probe(entry, source) != Match.No, source =>
        {
            _ = Probe(entry, source);
            HostileInput.Allow(() =>
            {
                using SameFiles? files = entry.Info.Caps.HasFlag(FormatCaps.Descriptor) ? new() : null;
                using DiskImage image = entry.Open(new ImageOpener(source, FileName(entry), files, NewCache()));
                TouchContent(image.Content);
                TouchDisc(image);
            });
        });

    // The whole stack as `info` walks it.
    private static void Detect(BlockSource source)
    {
        HostileInput.Allow(() =>
        {
            using DiskImage image = ImageFormats.Open(new ImageOpener(source, "image", null, NewCache()), null);
            _ = FileSystems.Probe(image.Content);
            foreach (Partition partition in PartitionTables.Read(image.Content)?.Partitions ?? [])
            {
                using SliceSource slice = new(image.Content, partition.Offset, partition.Length);
                _ = FileSystems.Probe(slice);
            }
        });
    }

    private static Match Probe(FormatEntry entry, BlockSource source) =>
        entry.Probe(ProbeWindow.Read(source, FileName(entry)));

    private static string FileName(FormatEntry entry) =>
        "image" + (entry.Info.Extensions.IsEmpty ? string.Empty : entry.Info.Extensions[0]);

    private static void TouchDisc(DiskImage image)
    {
        if (image.Disc is { } disc)
        {
            using DiscTree tree = new(disc);
            TreeWalk.Touch(tree);
        }
    }

    private static void TouchContent(BlockSource content)
    {
        byte[] buffer = new byte[65536];
        long step = Math.Max(buffer.Length, content.Length / 64);
        for (long offset = 0; offset < content.Length; offset += step)
        {
            long at = offset;
            HostileInput.Allow(() => content.ReadUpTo(at, buffer));
            HostileInput.Allow(() => _ = content.GetExtent(at));
        }
    }
}
