using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Ntfs;
using Imaged.TestKit;

namespace Imaged.Conformance.Ntfs;

/// <summary>Volumes made by mkntfs and filled through ntfs-3g.</summary>
internal static class NtfsImage
{
    /// <summary>The programs that it takes.</summary>
    public static string[] Tools => ["mkntfs", "ntfs-3g", "setfattr", "getfattr"];

    /// <summary>Where <c>populate.sh</c> is.</summary>
    public static string Scripts => Path.Combine(Samples.Tree, "tests", "conformance", "Ntfs");

    /// <summary>Makes the volume <c>image</c> in a folder, mounts it, runs a script in its root, mounts it again read
    /// only, and runs another one there.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">For mkntfs.</param>
    /// <param name="size">Of the volume, as <c>truncate</c> takes it.</param>
    /// <param name="fill">Fills the volume.</param>
    /// <param name="look">Writes down what ntfs-3g shows of it.</param>
    /// <param name="mountOptions">For ntfs-3g when it is filled.</param>
    /// <param name="after">Runs in the folder when the volume is filled and not mounted.</param>
    /// <returns>Path of the volume.</returns>
    public static string Make(
        TemporaryFolder folder,
        string options,
        string size,
        string fill,
        string look = "",
        string mountOptions = "compression",
        string after = "")
    {
        Requires.Root();
        Requires.Tool(Tools);
        string script = $$"""
            cd '{{folder.Path}}'
            truncate -s {{size}} image
            mkntfs -F -Q -q {{options}} image > make.log 2>&1
            mkdir mnt
            trap 'cd /; if mountpoint -q "{{folder.Path}}/mnt"; then umount "{{folder.Path}}/mnt"; wait; fi' EXIT
            start() {
                ntfs-3g -o no_detach,"$1" image mnt > mount.log 2>&1 < /dev/null &
                until mountpoint -q mnt; do kill -0 $! || { cat mount.log >&2; exit 1; }; done
            }
            stop() { umount mnt; wait; }
            start '{{mountOptions}}'
            cd mnt
            {{fill}}
            cd ..
            stop
            {{after}}
            if [ -n '{{(look.Length > 0 ? "look" : string.Empty)}}' ]; then
                start ro
                cd mnt
                {{look}}
                cd ..
                stop
            fi
            """;
        try
        {
            Tool.Shell(script);
        }
        catch
        {
            // Where the script itself was ended, it could not clean up.
            Tool.TryRun("umount", "-l", folder["mnt"]);
            throw;
        }

        return folder["image"];
    }

    public static FileTree Open(BlockSource volume) =>
        NtfsFileSystem.Open(volume, new FileTreeOptions(new BlockCache(16 << 20)));
}
