using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;

namespace Imaged.Conformance.Hfs;

/// <summary>A file or folder as hfsutils list it.</summary>
/// <param name="Path">Names as they are stored, each behind a colon.</param>
/// <param name="Id">Catalog node id.</param>
/// <param name="IsFolder">Whether it is a folder.</param>
/// <param name="IsLocked">Whether it is locked.</param>
internal sealed record HfsListing(string Path, ulong Id, bool IsFolder, bool IsLocked);

/// <summary>HFS volumes made and read by hfsutils, which keep their state in HOME.</summary>
internal static partial class HfsImage
{
    // Names go through the shell and back as Latin-1, one character a byte.
    private static readonly Encoding MacRoman = CodePagesEncodingProvider.Instance.GetEncoding(10000)!;

    /// <summary>Formats <c>image</c> in a folder and fills it.</summary>
    /// <param name="folder">The folder, which is the working folder of the script.</param>
    /// <param name="size">Of the volume, as for <c>truncate</c>.</param>
    /// <param name="script">Runs while the volume is mounted.</param>
    public static void Make(TemporaryFolder folder, string size, string script)
    {
        Tool.Shell($"cd {folder.Path}; export HOME=$PWD; truncate -s {size} image; hformat -l 'Volume' image > log");
        Run(folder, script);
    }

    /// <summary>Runs a script while <c>image</c> is mounted.</summary>
    public static ToolResult Run(TemporaryFolder folder, string script) => Tool.Shell(
        $"cd {folder.Path}; export HOME=$PWD; hmount image > log; {script}\nhumount > log");

    /// <summary>The volume in a folder, or another image of it.</summary>
    public static FileTree Open(BlockSource volume) =>
        FileSystems.Find("hfs")!.Open(volume, new FileTreeOptions(new BlockCache(4 << 20)));

    /// <summary>All that is in the volume <c>image</c> of a folder.</summary>
    public static List<HfsListing> List(TemporaryFolder folder)
    {
        List<HfsListing> all = [];
        string parent = ":";
        foreach (string line in Encoding.Latin1.GetString(Run(folder, "hls -aliR").Output).Split('\n'))
        {
            System.Text.RegularExpressions.Match row = Row().Match(line);
            if (row.Success)
            {
                string kind = row.Groups["kind"].Value;
                all.Add(new(
                    parent + row.Groups["name"].Value,
                    ulong.Parse(row.Groups["id"].ValueSpan, CultureInfo.InvariantCulture),
                    kind[0] is 'd' or 'D',
                    kind[0] is 'F'));
            }
            else if (line.EndsWith(':'))
            {
                parent = line;
            }
        }

        return all;
    }

    /// <summary>A path as a file tree has it.</summary>
    public static string TreePath(string path) => MacRoman.GetString(Encoding.Latin1.GetBytes(path[1..]))
        .Replace('/', '\0').Replace(':', '/').Replace('\0', ':');

    /// <summary>A file in MacBinary: name, Finder's information, times, both forks.</summary>
    public static byte[] MacBinary(TemporaryFolder folder, string path)
    {
        string quoted = string.Concat(Encoding.Latin1.GetBytes(path).Select(b => $"\\x{b:x2}"));
        return Run(folder, $"hcopy -m $'{quoted}' -").Output;
    }

    /// <summary>A file in MacBinary II ("Macintosh Binary Transfer Format"), for <c>hcopy -m</c>.</summary>
    public static byte[] MakeMacBinary(string name, byte[] data, byte[] resource)
    {
        byte[] header = new byte[128];
        header[1] = (byte)name.Length;
        Encoding.ASCII.GetBytes(name).CopyTo(header, 2);
        "TEXTttxt"u8.CopyTo(header.AsSpan(65));
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(83), data.Length);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(87), resource.Length);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(91), 0xb0000000);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(95), 0xb1000000);
        header[122] = header[123] = 129;
        int crc = 0;
        foreach (byte value in header.AsSpan(0, 124))
        {
            crc ^= value << 8;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = ((crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021 : 0)) & 0xffff;
            }
        }

        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(124), (ushort)crc);
        return [.. header, .. Pad(data), .. Pad(resource)];
    }

    private static byte[] Pad(byte[] fork)
    {
        Array.Resize(ref fork, (fork.Length + 127) / 128 * 128);
        return fork;
    }

    [GeneratedRegex(@"^ *(?<id>\d+) (?<kind>[dDfF]i?) .* [A-Z][a-z]{2} [ 0-9]\d [ 0-9:]{5} (?<name>.+)$")]
    private static partial Regex Row();
}
