using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;

namespace Imaged.Formats.Images.Vhd;

/// <summary>How a VHD stores its disk.</summary>
internal enum VhdType
{
    /// <summary>As it is.</summary>
    Fixed = 2,

    /// <summary>In blocks, as far as they were written.</summary>
    Dynamic = 3,

    /// <summary>As far as it differs from a parent.</summary>
    Differencing = 4,
}

/// <summary>The footer of a VHD, checked (Virtual Hard Disk Image Format Specification 1.0, "Hard Disk Footer
/// Format"). Numbers are big endian.</summary>
/// <param name="Type">How the disk is stored.</param>
/// <param name="Length">Length of the disk in bytes.</param>
/// <param name="HeaderOffset">Byte offset of the dynamic header; without meaning for fixed disks.</param>
/// <param name="Id">Identity of the image: what a child names its parent by.</param>
/// <param name="Creator">Program that made it, four characters.</param>
/// <param name="HasGoodChecksum">Whether the checksum agrees.</param>
internal sealed record VhdFooter(
    VhdType Type, long Length, ulong HeaderOffset, Guid Id, string Creator, bool HasGoodChecksum)
{
    /// <summary>Length of a footer in bytes.</summary>
    public const int Size = 512;

    /// <summary>Length of the footers of the first versions of Virtual PC in bytes.</summary>
    public const int OldSize = 511;

    private const int ChecksumOffset = 64;

    /// <summary>What a footer and the copy at the beginning start with.</summary>
    public static ReadOnlySpan<byte> Cookie => "conectix"u8;

    /// <summary>Bytes of the file before the footer.</summary>
    public long DataEnd { get; private init; }

    /// <summary>Finds the footer at the end of the file, or its copy at the beginning.</summary>
    /// <exception cref="Model.ImageFormatException">There is none that can be used.</exception>
    public static VhdFooter Read(BlockSource file)
    {
        // One whose checksum is right is better than one behind it in this list.
        VhdFooter? wrong = null;
        ReadOnlySpan<long> offsets = [file.Length - Size, file.Length - OldSize, 0];
        foreach (long offset in offsets)
        {
            if (offset >= 0 && TryParse(file, offset) is { } footer)
            {
                if (footer.HasGoodChecksum)
                {
                    return footer;
                }

                wrong ??= footer;
            }
        }

        if (wrong is null)
        {
            VhdFormat.Throw(Math.Max(0, file.Length - Size), "there is no footer");
        }

        return wrong;
    }

    /// <summary>The specification's checksum of a structure: the inverted sum of its bytes, the checksum left
    /// out.</summary>
    public static uint Checksum(ReadOnlySpan<byte> raw, int field)
    {
        uint sum = 0;
        for (int i = 0; i < raw.Length; i++)
        {
            sum += i >= field && i < field + 4 ? 0u : raw[i];
        }

        return ~sum;
    }

    private static VhdFooter? TryParse(BlockSource file, long offset)
    {
        Span<byte> raw = stackalloc byte[Size];
        raw.Clear();
        int count = file.ReadUpTo(offset, raw);
        if (count < OldSize || !raw.StartsWith(Cookie))
        {
            return null;
        }

        uint type = BinaryPrimitives.ReadUInt32BigEndian(raw[60..]);
        ulong length = BinaryPrimitives.ReadUInt64BigEndian(raw[48..]);
        if (type is < (uint)VhdType.Fixed or > (uint)VhdType.Differencing || length > long.MaxValue / 2)
        {
            return null;
        }

        return new(
            (VhdType)type,
            (long)length,
            BinaryPrimitives.ReadUInt64BigEndian(raw[16..]),
            new Guid(raw.Slice(68, 16), bigEndian: true),
            Encoding.Latin1.GetString(raw.Slice(28, 4)).TrimEnd('\0', ' '),
            Checksum(raw, ChecksumOffset) == BinaryPrimitives.ReadUInt32BigEndian(raw[ChecksumOffset..]))
        {
            DataEnd = offset == 0 ? file.Length : offset,
        };
    }
}
