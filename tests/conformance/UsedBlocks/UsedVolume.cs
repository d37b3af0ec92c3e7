using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.UsedBlockMaps;

/// <summary>Volumes that were filled and half emptied, and what their maps are held against.</summary>
internal static class UsedVolume
{
    /// <summary>Where <c>fill.sh</c> is.</summary>
    public static string Scripts => Path.Combine(Samples.Tree, "tests", "conformance", "UsedBlocks");

    /// <summary>Runs <c>fill.sh</c> in the current folder.</summary>
    public static string Fill => $". '{Scripts}/fill.sh'";

    /// <summary>Makes the volume <c>image</c> in a folder, mounts it by the kernel's driver and fills it. <c>dirty</c>
    /// is a copy of it while it is mounted, <c>frozen</c> one while it is frozen, as for a snapshot; <c>sums</c> are
    /// the SHA-256 sums of its files.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="make">Makes the volume in the file <c>image</c>, which is there.</param>
    /// <param name="size">Of that file, as <c>truncate</c> takes it.</param>
    /// <param name="options">For <c>mount</c>.</param>
    /// <param name="environment">For <c>fill.sh</c>.</param>
    public static string MakeMounted(
        TemporaryFolder folder, string make, string size, string options = "loop", string environment = "")
    {
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            export PATH=$PATH:/usr/sbin:/sbin {{environment}} X=
            truncate -s {{size}} image
            ({{make}}) > make.log 2>&1
            mkdir mnt
            finish() {
                cd '{{folder.Path}}'
                if mountpoint -q mnt; then fsfreeze -u mnt 2> /dev/null || true; umount mnt; fi
            }
            trap finish EXIT
            mount -o {{options}} image mnt
            cd mnt
            {{Fill}}
            find . -type f -exec sha256sum {} + | sort > ../sums
            sync -f .
            cp --sparse=always ../image ../dirty
            fsfreeze -f .
            cp --sparse=always ../image ../frozen
            fsfreeze -u .
            cd ..
            umount mnt
            """);
        return folder["image"];
    }

    /// <summary>Fails unless the files of a volume that the kernel mounts are those of <c>sums</c>.</summary>
    public static void AssertSums(TemporaryFolder folder, string image, string options = "loop,ro") => Tool.Shell($$"""
        cd '{{folder.Path}}'
        mkdir -p mnt
        trap 'cd /; if mountpoint -q "{{folder.Path}}/mnt"; then umount "{{folder.Path}}/mnt"; fi' EXIT
        mount -o {{options}} '{{image}}' mnt
        cd mnt
        find . -type f -exec sha256sum {} + | sort > ../found
        cmp ../found ../sums
        """);

    /// <summary>Fails unless the files of <c>frozen</c>, when what is to be saved of it was put onto garbage and the
    /// kernel has replayed its journal, are those of <c>sums</c>.</summary>
    /// <param name="folder">Where it is.</param>
    /// <param name="fileSystem">Id of the file system.</param>
    /// <param name="check">A check that has to find nothing then.</param>
    public static void AssertFrozen(TemporaryFolder folder, string fileSystem, string check)
    {
        File.Move(folder["frozen"], folder["image"], overwrite: true);
        string restored = Restore(folder, ReadPart(folder["image"], fileSystem));
        File.Delete(folder["image"]);
        AssertSums(folder, restored, "loop");
        Check(check, restored);
    }

    /// <summary>The map of a volume.</summary>
    public static UsedBlocks Read(string image)
    {
        using FileSource volume = FileSource.Open(image);
        return Formats.UsedBlockMaps.Read(volume);
    }

    /// <summary>The map of a volume, which has to be of its file system and not of all bytes.</summary>
    public static UsedBlocks ReadPart(string image, string fileSystem)
    {
        UsedBlocks used = Read(image);
        Assert.Null(used.WholeBecause);
        Assert.Equal(fileSystem, used.FileSystem);
        Assert.Empty(used.Warnings);
        Assert.InRange(used.Blocks.Count, 1, used.Blocks.Length - 1);
        return used;
    }

    /// <summary>Fails unless all of a volume is to be saved, for this reason.</summary>
    public static void AssertWhole(string image, string? fileSystem, string because)
    {
        UsedBlocks used = Read(image);
        Assert.Equal(fileSystem, used.FileSystem);
        Assert.Contains(because, used.WholeBecause, StringComparison.Ordinal);
        Assert.Equal([new BlockRange(0, new FileInfo(image).Length)], used.Blocks.Ranges());
    }

    /// <summary>Puts what is to be saved of <c>image</c> onto garbage.</summary>
    /// <returns>Path of the result.</returns>
    public static string Restore(TemporaryFolder folder, UsedBlocks used)
    {
        using FileSource volume = FileSource.Open(folder["image"]);
        string path = folder["restored"];
        using FileStream restored = File.Create(path);
        byte[] buffer = new byte[1 << 20];
        Array.Fill(buffer, (byte)0xff);
        for (long offset = 0; offset < volume.Length; offset += buffer.Length)
        {
            restored.Write(buffer, 0, (int)Math.Min(buffer.Length, volume.Length - offset));
        }

        foreach (BlockRange range in used.Blocks.Ranges())
        {
            restored.Position = range.Offset;
            for (long offset = range.Offset; offset < range.End; offset += buffer.Length)
            {
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, range.End - offset));
                volume.Read(offset, part);
                restored.Write(part);
            }
        }

        return path;
    }

    /// <summary>Runs a check of a volume, <c>{0}</c>, which has to find nothing.</summary>
    public static void Check(string command, string image) =>
        Tool.Shell("PATH=$PATH:/usr/sbin:/sbin; " + string.Format(CultureInfo.InvariantCulture, command, image));

    /// <summary>Fails unless the map has all that partclone saves of <c>image</c>, and not much more.</summary>
    /// <param name="folder">Where the volume is.</param>
    /// <param name="kind">Of the file system, as in the name of the program.</param>
    /// <param name="used">The map.</param>
    /// <param name="slack">Bytes that it may have more.</param>
    public static void AssertCoversPartclone(TemporaryFolder folder, string kind, UsedBlocks used, long slack)
    {
        Tool.Shell($"""
            cd '{folder.Path}'
            PATH=$PATH:/usr/sbin:/sbin
            partclone.{kind} -c -q -F -s image -O oracle -L log > log 2>&1
            """);
        using FileSource source = FileSource.Open(folder["oracle"]);
        using DiskImage oracle =
            ImageFormats.Find("partclone")!.Open(new ImageOpener(source, "oracle", null, new BlockCache(16 << 20)));
        long saved = 0;
        for (long offset = 0; offset < oracle.Content.Length;)
        {
            Extent extent = oracle.Content.GetExtent(offset);
            offset = extent.End;
            if (extent.Kind == ExtentKind.Data)
            {
                saved += extent.Length;
                long length = Math.Min(extent.Length, used.Blocks.Length - extent.Offset);
                Assert.True(
                    used.Blocks.Contains(extent.Offset, length),
                    $"partclone saves {extent.Length} bytes at {extent.Offset}, the map does not");
            }
        }

        Assert.InRange(used.Blocks.Count, saved, saved + slack);
    }

    /// <summary>What is left of a volume without these ranges, which are in ascending order.</summary>
    public static IEnumerable<BlockRange> Without(long length, IEnumerable<BlockRange> ranges)
    {
        long offset = 0;
        foreach (BlockRange range in ranges)
        {
            if (range.Offset > offset)
            {
                yield return new(offset, range.Offset - offset);
            }

            offset = Math.Max(offset, range.End);
        }

        if (offset < length)
        {
            yield return new(offset, length - offset);
        }
    }

    /// <summary>What is to hold of the map of any bytes: it is there, and inside the volume.</summary>
    public static void Touch(BlockSource volume)
    {
        UsedBlocks used = Formats.UsedBlockMaps.Read(volume);
        long end = 0;
        foreach (BlockRange range in used.Blocks.Ranges())
        {
            Assert.True(range.Offset >= end && range.Length > 0 && range.End <= volume.Length);
            end = range.End;
        }

        Assert.True(used.WholeBecause is null ? used.FileSystem is not null : used.Blocks.Count == volume.Length);
    }
}
