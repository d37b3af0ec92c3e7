using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Daa;

/// <summary>The files of a split image: <c>x.part01.daa</c>, <c>x.part02.daa</c> … (any number of digits), or
/// <c>x.daa</c>, <c>x.d00</c>, <c>x.d01</c> …</summary>
internal static class DaaParts
{
    private const int HeaderLength = 40;
    private const string PartWord = ".part";

    /// <summary>The chunks of all files one behind the other.</summary>
    /// <param name="opener">The first file.</param>
    /// <param name="dataOffset">Where chunks begin in it.</param>
    /// <param name="count">Number of files.</param>
    /// <exception cref="ImageFormatException">A part is missing or none.</exception>
    public static BlockSource Join(ImageOpener opener, int dataOffset, int count)
    {
        List<BlockSource> parts = [From(opener.Content, dataOffset)];
        for (int i = 1; i < count; i++)
        {
            string name = NameOf(opener.FileName, i);
            if (opener.Siblings is null || !opener.Siblings.TryOpen(name, out BlockSource part))
            {
                throw new ImageFormatException(
                    DaaFormat.Id, 0, $"the image has {count} parts, '{name}' is not beside the first one");
            }

            parts.Add(From(part, ReadDataOffset(part, name)));
        }

        return parts.Count == 1 ? parts[0] : new ConcatSource(parts, ownsParts: true);
    }

    /// <summary>Name of a part.</summary>
    /// <param name="first">Name of the first file.</param>
    /// <param name="index">Number of the part, the first one being 0.</param>
    public static string NameOf(string first, int index)
    {
        int dot = first.LastIndexOf('.');
        if (dot < 0)
        {
            dot = first.Length;
        }

        string stem = first[..dot];
        int word = stem.LastIndexOf(PartWord, StringComparison.OrdinalIgnoreCase);
        if (word >= 0
            && int.TryParse(
                stem.AsSpan(word + PartWord.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number == 1)
        {
            int digits = stem.Length - word - PartWord.Length;
            string next = (index + 1).ToString($"D{digits}", CultureInfo.InvariantCulture);
            return string.Concat(stem.AsSpan(0, word + PartWord.Length), next, first.AsSpan(dot));
        }

        char letter = dot + 1 < first.Length ? first[dot + 1] : 'd';
        return string.Create(CultureInfo.InvariantCulture, $"{stem}.{letter}{index - 1:D2}");
    }

    private static SliceSource From(BlockSource file, long offset) =>
        new(file, offset, file.Length - offset, ownsInner: false);

    private static long ReadDataOffset(BlockSource part, string name)
    {
        Span<byte> raw = stackalloc byte[HeaderLength];
        if (part.ReadUpTo(0, raw) < HeaderLength
            || !(raw.StartsWith("DAA VOL\0"u8) || raw.StartsWith("GBI VOL\0"u8))
            || Crc32.HashToUInt32(raw[..36]) != BinaryPrimitives.ReadUInt32LittleEndian(raw[36..]))
        {
            ImageFormatException.Throw(DaaFormat.Id, 0, $"'{name}' is no later part of an image");
        }

        long offset = BinaryPrimitives.ReadUInt32LittleEndian(raw[16..]) & 0xffffff;
        if (offset < HeaderLength || offset > part.Length)
        {
            ImageFormatException.Throw(DaaFormat.Id, 16, $"data of '{name}' is said to begin at {offset}");
        }

        return offset;
    }
}
