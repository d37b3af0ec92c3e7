using Imaged.Blocks;
using Imaged.Formats.ExFat;
using Imaged.Formats.Model;
using Imaged.TestKit;

namespace Imaged.Conformance.ExFat;

/// <summary>Volumes made by exfatprogs and filled through exfat-fuse.</summary>
internal static class ExFatImage
{
    /// <summary>The programs that it takes.</summary>
    public static string[] Tools => ["mkfs.exfat", "mount.exfat-fuse", "losetup"];

    /// <summary>Where <c>populate.sh</c> is.</summary>
    public static string Scripts => Path.Combine(Samples.Tree, "tests", "conformance", "ExFat");

    /// <summary>Makes the volume <c>image</c> in a folder, mounts it, and runs scripts in its root.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">For mkfs.exfat.</param>
    /// <param name="size">Of the volume, as <c>truncate</c> takes it.</param>
    /// <param name="fill">Fills the volume.</param>
    /// <param name="look">Writes down what exfat-fuse shows of it when it is mounted again.</param>
    /// <returns>Path of the volume.</returns>
    public static string Make(TemporaryFolder folder, string options, string size, string fill, string look = "")
    {
        Requires.Root();
        Requires.Tool(Tools);

        // exfat-fuse as root takes block devices only.
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            export PATH=$PATH:/usr/sbin:/sbin
            truncate -s {{size}} image
            mkfs.exfat {{options}} image > make.log 2>&1
            mkdir mnt
            device=$(losetup --find --show image)
            finish() {
                cd '{{folder.Path}}'
                if mountpoint -q mnt; then umount mnt; fi
                losetup -d "$device"
            }
            trap finish EXIT
            mount.exfat-fuse "$device" mnt > mount.log 2>&1
            cd mnt
            {{fill}}
            cd ..
            umount mnt
            mount.exfat-fuse -o ro "$device" mnt > mount.log 2>&1
            cd mnt
            {{look}}
            cd ..
            """);
        return folder["image"];
    }

    public static FileTree Open(BlockSource volume) =>
        ExFatFileSystem.Open(volume, new FileTreeOptions(new BlockCache(16 << 20)));
}
