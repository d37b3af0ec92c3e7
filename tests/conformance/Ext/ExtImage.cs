using System.Globalization;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Ext;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Ext;

/// <summary>Volumes made by the file system's own tools and filled through the kernel, with what the kernel then
/// says of them.</summary>
internal static class ExtImage
{
    /// <summary>As <see cref="Stat"/> prints a node.</summary>
    public const string StatFormat =
        @"%n\t%f\t%h\t%u\t%g\t%s\t%b\t%i\t%t\t%T\t%.9X\t%.9Y\t%.9Z\t%.9W\n";

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
            find . -mindepth 1 -exec stat --printf='{{StatFormat}}' {} + > ../stat
            find . -type f ! -size +64M -exec sha256sum {} + > ../sums
            find . -type l -printf '%p\t%l\n' > ../links
            getfattr -R -P -h -d -m - -e hex . > ../attributes
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
            find . -mindepth 1 -exec stat --printf='{{StatFormat}}' {} + > ../stat
            find . -type f -exec sha256sum {} + > ../sums
            find . -type l -printf '%p\t%l\n' > ../links
            """);
        return folder["image"];
    }

    public static FileTree Open(BlockSource volume) =>
        ExtFileSystem.Open(volume, new FileTreeOptions(new BlockCache(16 << 20)));

    public static BlockSource OpenVolume(string path) => FileSource.Open(path);

    /// <summary>A node as <c>stat</c> prints it above.</summary>
    public static string Stat(string path, NodeInfo node)
    {
        string device = string.Create(CultureInfo.InvariantCulture, $"{node.DeviceMajor:x}\t{node.DeviceMinor:x}");
        string owner = string.Create(CultureInfo.InvariantCulture, $"{node.Links}\t{node.Uid}\t{node.Gid}");
        string created = node.Created is { } time ? Time(time) : "0.000000000";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"./{path}\t{node.Mode:x}\t{owner}\t{node.Size}\t{node.AllocatedBytes / 512}\t{node.Inode}\t{device}\t")
            + $"{Time(node.Accessed)}\t{Time(node.Modified)}\t{Time(node.Changed)}\t{created}";
    }

    // stat prints times before 1970 as a negative number with its fraction.
    private static string Time(Timestamp time) => time.Seconds >= 0 || time.Nanoseconds == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{time.Seconds}.{time.Nanoseconds:D9}")
        : string.Create(CultureInfo.InvariantCulture, $"-{-time.Seconds - 1}.{1_000_000_000 - time.Nanoseconds:D9}");

    /// <summary>Attributes as <c>getfattr</c> dumped them: path, name, value in hex.</summary>
    public static IEnumerable<string> ReadAttributes(string path)
    {
        string file = string.Empty;
        foreach (string line in File.ReadLines(path))
        {
            if (line.StartsWith("# file: ", StringComparison.Ordinal))
            {
                file = Unescape(line["# file: ".Length..]);
            }
            else if (line.Length > 0)
            {
                int split = line.IndexOf('=', StringComparison.Ordinal);
                string name = split < 0 ? line : line[..split];
                string value = split < 0 ? string.Empty : line[(split + 1)..].Trim('"');
                value = value.StartsWith("0x", StringComparison.Ordinal) ? value[2..] : value;
                yield return $"{file}\t{name}\t{value}";
            }
        }
    }

    /// <summary>What an extent says of the host file is where the bytes are.</summary>
    public static void AssertVerbatim(BlockSource file, BlockSource volume)
    {
        for (long offset = 0; offset < file.Length;)
        {
            Extent extent = file.GetExtent(offset);
            if (extent.Kind == ExtentKind.Data && extent.Host is { } host)
            {
                int count = (int)Math.Min(extent.Length, 1 << 20);
                Assert.Equal(volume.ReadBytes(host.Offset, count), file.ReadBytes(offset, count));
            }

            offset = extent.End;
        }
    }

    // getfattr prints bytes that are no ASCII as \ooo.
    private static string Unescape(string text)
    {
        List<byte> bytes = [];
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                bytes.Add(Convert.ToByte(text.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text[i].ToString()));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
