using System.Buffers.Binary;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Ntfs;

/// <summary>What a file is instead of its data ([MS-FSCC] 2.1.2): a link, or something that another driver knows.
/// </summary>
/// <param name="Tag">Which driver.</param>
/// <param name="Data">What it is to know.</param>
internal sealed record NtfsReparsePoint(uint Tag, byte[] Data)
{
    public const uint MountPoint = 0xa000_0003;
    public const uint SymbolicLink = 0xa000_000c;

    /// <summary>A symbolic link of the Windows subsystem for Linux.</summary>
    public const uint LinuxSymbolicLink = 0xa000_001d;
    public const uint LinuxSocket = 0x8000_0023;
    public const uint LinuxFifo = 0x8000_0024;

    /// <summary>Compressed by the overlay filter (<c>compact /exe</c>).</summary>
    public const uint Overlay = 0x8000_0017;
    public const uint Deduplicated = 0x8000_0013;
    public const uint SingleInstance = 0x8000_0007;
    public const uint Hierarchical = 0xc000_0004;
    public const uint Hierarchical2 = 0x8000_0006;

    /// <summary>Longest value in bytes.</summary>
    public const int MaxLength = 16384;

    private const int HeaderLength = 8;
    private const int RelativeFlag = 1;

    /// <summary>Whether it is a link that can be followed here.</summary>
    public bool IsLink => Tag is MountPoint or SymbolicLink or LinuxSymbolicLink;

    public static NtfsReparsePoint? TryParse(ReadOnlySpan<byte> raw)
    {
        int length = raw.Length < HeaderLength ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(raw[4..]);
        return raw.Length < HeaderLength || length > raw.Length - HeaderLength
            ? null
            : new(BinaryPrimitives.ReadUInt32LittleEndian(raw), raw.Slice(HeaderLength, length).ToArray());
    }

    /// <summary>The target of a link, with slashes. Where it begins with a drive it leads from the root of this volume
    /// on: the letter is not recorded in a volume, and links lead to where they are, mostly.</summary>
    /// <param name="up">Gives the way from the link to the root: as many <c>../</c> as it takes.</param>
    public byte[] Target(Func<byte[]> up)
    {
        if (Tag == LinuxSymbolicLink)
        {
            // A version number, then the target as it is.
            return Data.Length > 4 ? Data[4..] : throw Damage();
        }

        int begin = Tag == SymbolicLink ? 12 : 8;
        int offset = Data.Length < begin ? -1 : begin + BinaryPrimitives.ReadUInt16LittleEndian(Data);
        int length = Data.Length < begin ? -1 : BinaryPrimitives.ReadUInt16LittleEndian(Data.AsSpan(2));
        if (length < 0 || offset > Data.Length - length)
        {
            throw Damage();
        }

        byte[] path = FileNames.ToUtf8(Data.AsSpan(offset, length));
        path.AsSpan().Replace((byte)'\\', (byte)'/');
        bool isRelative = Tag == SymbolicLink
            && (BinaryPrimitives.ReadUInt32LittleEndian(Data.AsSpan(8)) & RelativeFlag) != 0;
        return isRelative ? FromRoot(path, up) : Absolute(path, up);
    }

    private static byte[] Absolute(byte[] path, Func<byte[]> up)
    {
        // Names of the kernel's namespace: \??\C:\folder, \??\Volume{…}\folder, \??\UNC\server\share.
        ReadOnlySpan<byte> prefix = "/??/"u8;
        int begin = path.AsSpan().StartsWith(prefix) ? prefix.Length : 0;
        bool hasDrive = path.Length >= begin + 2
            && path[begin + 1] == (byte)':' && char.IsAsciiLetter((char)path[begin]);
        return hasDrive ? FromRoot([(byte)'/', .. path[(begin + 2)..]], up) : path[begin..];
    }

    // A path that begins with a slash begins at the root of the volume.
    private static byte[] FromRoot(byte[] path, Func<byte[]> up)
    {
        if (path.Length == 0 || path[0] != (byte)'/')
        {
            return path;
        }

        byte[] target = [.. up(), .. path.AsSpan().TrimStart((byte)'/')];
        return target.Length > 0 ? target : "."u8.ToArray();
    }

    private ImageFormatException Damage() => new(NtfsFileSystem.Id, 0, $"the target of a link ({Tag:x}) is damaged");
}
