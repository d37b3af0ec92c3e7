using System.Buffers.Binary;
using System.Text;

namespace Imaged.Formats.Wim;

/// <summary>Targets of symbolic links and junctions, from the data of their reparse points ([MS-FSCC] section
/// 2.1.2).</summary>
internal static class WimLink
{
    private const uint MountPointTag = 0xa000_0003;
    private const uint SymbolicLinkTag = 0xa000_000c;
    private const uint LinuxLinkTag = 0xa000_001d;
    private const int NamesLength = 8;

    /// <summary>Whether reparse points with this tag are links.</summary>
    public static bool IsLink(uint tag) => tag is MountPointTag or SymbolicLinkTag or LinuxLinkTag;

    /// <summary>The target as Linux writes it: slashes, and no drive.</summary>
    /// <param name="tag">The tag.</param>
    /// <param name="data">What follows the header of the reparse point.</param>
    /// <returns>UTF-8; null when the data are damaged.</returns>
    public static byte[]? TargetOf(uint tag, ReadOnlySpan<byte> data)
    {
        if (tag == LinuxLinkTag)
        {
            return data.Length > 4 ? Cut(data[4..].ToArray()) : null;
        }

        // Of links there are flags behind the offsets and lengths of the two names.
        int begin = NamesLength + (tag == SymbolicLinkTag ? 4 : 0);
        if (data.Length < begin)
        {
            return null;
        }

        int offset = BinaryPrimitives.ReadUInt16LittleEndian(data);
        int length = BinaryPrimitives.ReadUInt16LittleEndian(data[2..]);
        if (length == 0 || offset > data.Length - begin - length)
        {
            return null;
        }

        string target = Encoding.Unicode.GetString(data.Slice(begin + offset, length));
        return Cut(Encoding.UTF8.GetBytes(WithoutDrive(target).Replace('\\', '/')));
    }

    // "\??\C:\folder" is an absolute path; "\??\Volume{...}\" stays, as nothing on Linux corresponds to it.
    private static string WithoutDrive(string target)
    {
        foreach (string prefix in (ReadOnlySpan<string>)[@"\??\", @"\DosDevices\", @"\Device\"])
        {
            if (target.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)
                && target.Length > prefix.Length + 2 && char.IsAsciiLetter(target[prefix.Length])
                && target[prefix.Length + 1] == ':' && target[prefix.Length + 2] == '\\')
            {
                return target[(prefix.Length + 2)..];
            }
        }

        return target;
    }

    private static byte[]? Cut(byte[] target)
    {
        int end = target.AsSpan().IndexOf((byte)0);
        int length = end < 0 ? target.Length : end;
        return length is > 0 and <= 4095 ? target[..length] : null;
    }
}
