using Imaged.Blocks;
using Imaged.Formats.Ext;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;

namespace Imaged.Conformance.Ext;

/// <summary>Volumes made by the file system's own tools and filled through the kernel, with what the kernel then
/// says of them.</summary>
internal static class ExtImage
{
    /// <summary>Where <c>populate.sh</c> is.</summary>
    public static string Scripts => Path.Combine(Samples.Tree, "tests", "conformance", "Ext");

    /// <summary>Makes a volume, mounts it, fills it, mounts it again read only, and writes down what the kernel shows:
    /// <c>stat</c>, <c>sums</c>, <c>links</c>, <c>attributes</c> in the folder.</summary>
    public static string MakeMounted(
        TemporaryFolder folder, string makeCommand, string environment = "", string size = "96M")
    {
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            truncate -s {{size}} image
            {{makeCommand}} image > make.log 2>&1
            mkdir mnt
            trap 'cd /; if mountpoint -q "{{folder.Path}}/mnt"; then umount "{{folder.Path}}/mnt"; fi' EXIT
            mount -o loop,user_xattr,acl image mnt
            cd mnt
            export {{environment}} X=
            . '{{Scripts}}/populate.sh'
            . '{{Scripts}}/populate-mounted.sh'
            cd ..
            umount mnt
            mount -o loop,ro image mnt
            cd mnt
            {{HostListing.Commands}}
            {{HostListing.AttributeCommand}}
            cd ..
            umount mnt
            """);
        return folder["image"];
    }

    /// <summary>Makes a volume from a folder without mounting it; the folder is <c>source</c>.</summary>
    public static string MakeFromFolder(TemporaryFolder folder, string makeCommand, string size = "96M")
    {
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            truncate -s {{size}} image
            mkdir source
            cd source
            export FAR=20000000
            . '{{Scripts}}/populate.sh'
            cd ..
            {{makeCommand}} -d source image > make.log 2>&1
            cd source
            {{HostListing.Commands}}
            """);
        return folder["image"];
    }

    public static FileTree Open(BlockSource volume) =>
        ExtFileSystem.Open(volume, new FileTreeOptions(new BlockCache(16 << 20)));

    public static BlockSource OpenVolume(string path) => FileSource.Open(path);
}
