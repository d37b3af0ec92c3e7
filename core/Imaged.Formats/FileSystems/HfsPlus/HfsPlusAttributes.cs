using System.Buffers.Binary;
using System.Text;
using Imaged.Formats.Hfs;
using Imaged.Formats.Model;

namespace Imaged.Formats.HfsPlus;

/// <summary>Extended attributes in their tree (TN1150, "Attributes File"; hfs_format.h of Apple's kernel sources):
/// values in the record, or in a fork of their own.</summary>
internal static class HfsPlusAttributes
{
    private const uint Inline = 0x10;
    private const uint Fork = 0x20;
    private const int MaxCount = 4096;

    /// <summary>Names and values of a file's attributes, without those that are longer than <paramref
    /// name="maxLength"/>.</summary>
    /// <exception cref="ImageFormatException">The tree or a value is damaged.</exception>
    public static IEnumerable<(string Name, Func<byte[]> Value)> Read(HfsPlusVolume volume, uint file, int maxLength)
    {
        if (volume.Attributes is null)
        {
            yield break;
        }

        int count = 0;
        foreach ((HfsNode node, int index) in volume.Attributes.From(key => Compare(key, file)))
        {
            ReadOnlySpan<byte> key = node.Read(index, 0, out ReadOnlySpan<byte> data);
            if (Compare(key, file) != 0 || ++count > MaxCount)
            {
                yield break;
            }

            int nameLength = BinaryPrimitives.ReadUInt16BigEndian(key[10..]);
            if (nameLength * 2 > key.Length - 12 || data.Length < 16)
            {
                continue;
            }

            string name = Encoding.BigEndianUnicode.GetString(key.Slice(12, nameLength * 2));
            uint kind = BinaryPrimitives.ReadUInt32BigEndian(data);
            if (kind == Inline)
            {
                uint length = BinaryPrimitives.ReadUInt32BigEndian(data[12..]);
                if (length <= data.Length - 16 && length <= maxLength)
                {
                    byte[] value = data.Slice(16, (int)length).ToArray();
                    yield return (name, () => value);
                }
            }
            else if (kind == Fork && data.Length >= 8 + HfsPlusHeader.ForkSize)
            {
                HfsFork fork = HfsPlusHeader.ParseFork(data[8..]);
                if (fork.Length <= (ulong)maxLength)
                {
                    yield return (name, () => ReadFork(volume, fork));
                }
            }
        }
    }

    // Further extents of such a fork stand in further records of the attribute, not in the overflow file; a value that
    // Linux hands out has never so many.
    private static byte[] ReadFork(HfsPlusVolume volume, HfsFork fork)
    {
        using HfsForkSource source = volume.Forks.OpenListed(fork);
        return source.ReadBytes(0, (int)source.Length);
    }

    private static int Compare(ReadOnlySpan<byte> key, uint file) =>
        key.Length < 12 ? -1 : BinaryPrimitives.ReadUInt32BigEndian(key[2..]).CompareTo(file);
}
