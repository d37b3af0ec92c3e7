using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Apfs;

/// <summary>An extended attribute (j_xattr_val).</summary>
/// <param name="Name">Its name.</param>
/// <param name="Length">Bytes of its value.</param>
/// <param name="Open">Opens the value, which may be as long as a file.</param>
internal sealed record ApfsAttribute(string Name, long Length, Func<BlockSource> Open);

/// <summary>Extended attributes: values in the record, or in a stream of their own.</summary>
internal static class ApfsAttributes
{
    private const int KeyOffset = 10;
    private const ushort InStream = 1;
    private const ushort Embedded = 2;
    private const int MaxCount = 4096;

    /// <summary>The attributes of a file.</summary>
    /// <exception cref="ImageFormatException">The tree or a value is damaged.</exception>
    public static IEnumerable<ApfsAttribute> Read(ApfsVolume volume, ulong file)
    {
        int count = 0;
        foreach ((ApfsNode node, int index) in volume.Records(file, ApfsVolume.AttributeKind))
        {
            if (++count > MaxCount)
            {
                yield break;
            }

            if (Parse(volume, file, node.Read(index, out ReadOnlySpan<byte> value), value) is { } attribute)
            {
                yield return attribute;
            }
        }
    }

    private static ApfsAttribute? Parse(ApfsVolume volume, ulong file, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.Length <= KeyOffset || value.Length < 4)
        {
            return null;
        }

        ReadOnlySpan<byte> raw = key[KeyOffset..];
        int end = raw.IndexOf((byte)0);
        string name = Encoding.UTF8.GetString(end < 0 ? raw : raw[..end]);
        ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(value);
        int length = BinaryPrimitives.ReadUInt16LittleEndian(value[2..]);
        ReadOnlySpan<byte> data = value[4..];
        if ((flags & Embedded) != 0 && length <= data.Length)
        {
            byte[] content = data[..length].ToArray();
            return new(name, length, () => new MemorySource(content));
        }

        if ((flags & InStream) != 0 && data.Length >= 16)
        {
            ulong stream = BinaryPrimitives.ReadUInt64LittleEndian(data);
            long size = ApfsInode.CheckLength(file, BinaryPrimitives.ReadUInt64LittleEndian(data[8..]));
            return new(name, size, () => volume.OpenStream(stream, size));
        }

        return null;
    }
}
