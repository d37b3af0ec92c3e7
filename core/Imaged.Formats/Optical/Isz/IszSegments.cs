using System.Buffers.Binary;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Isz;

/// <summary>The files of a split image: <c>x.isz</c>, <c>x.i01</c> …, or <c>x.part01.isz</c>, <c>x.part02.isz</c>
/// …</summary>
internal static class IszSegments
{
    private const int EntryLength = 24;
    private const int MaxCount = 100;
    private const string PartWord = ".part";

    /// <summary>The chunks of all files one behind the other.</summary>
    /// <exception cref="ImageFormatException">A file is missing, or the table of files is damaged.</exception>
    public static BlockSource Join(ImageOpener opener, IszHeader header)
    {
        BlockSource first = opener.Content;
        if (header.DataOffset < header.Length || header.DataOffset > first.Length)
        {
            ImageFormatException.Throw(IszFormat.Id, 43, $"the data is said to begin at {header.DataOffset}");
        }

        List<BlockSource> parts = header.SegmentTableOffset != 0
            ? ByTable(opener, header)
            : [new SliceSource(first, header.DataOffset, first.Length - header.DataOffset)];
        if (header.SegmentTableOffset == 0 && header.IsSplit)
        {
            // Nothing says how many there are: the chunk table tells whether they suffice.
            for (int i = 1; i < MaxCount && TryOpen(opener, i, out BlockSource next); i++)
            {
                parts.Add(new SliceSource(next, header.Length, Math.Max(0, next.Length - header.Length)));
            }
        }

        return parts.Count == 1 ? parts[0] : new ConcatSource(parts, ownsParts: true);
    }

    /// <summary>Name of a file.</summary>
    /// <param name="first">Name of the first one.</param>
    /// <param name="index">Number of the file, the first one being 0.</param>
    public static string NameOf(string first, int index)
    {
        string extension = Path.GetExtension(first);
        string stem = first[..^extension.Length];
        int word = stem.LastIndexOf(PartWord, StringComparison.OrdinalIgnoreCase);
        string digits = word < 0 ? string.Empty : stem[(word + PartWord.Length)..];
        if (int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number == 1)
        {
            string next = (index + 1).ToString($"D{digits.Length}", CultureInfo.InvariantCulture);
            return string.Concat(stem.AsSpan(0, word + PartWord.Length), next, extension);
        }

        string letter = extension.Length > 1 ? extension[..2] : ".i";
        return string.Create(CultureInfo.InvariantCulture, $"{stem}{letter}{index:D2}");
    }

    // A file begins with the rest of the chunk that the one before could not hold.
    private static List<BlockSource> ByTable(ImageOpener opener, IszHeader header)
    {
        byte[] raw = new byte[(MaxCount + 1) * EntryLength];
        int read = header.SegmentTableOffset < opener.Content.Length
            ? opener.Content.ReadUpTo(header.SegmentTableOffset, raw)
            : 0;
        IszTable.Show(raw.AsSpan(0, read));
        List<BlockSource> parts = [];
        uint left = 0;
        for (int i = 0; i < MaxCount && (i + 1) * EntryLength <= read; i++)
        {
            ReadOnlySpan<byte> entry = raw.AsSpan(i * EntryLength, EntryLength);
            long length = BinaryPrimitives.ReadInt64LittleEndian(entry);
            if (length == 0)
            {
                break;
            }

            BlockSource file = opener.Content;
            if (i > 0 && !TryOpen(opener, i, out file))
            {
                throw new ImageFormatException(
                    IszFormat.Id, 0, $"'{NameOf(opener.FileName, i)}' is not beside the first part of the image");
            }

            long begin = (long)BinaryPrimitives.ReadUInt32LittleEndian(entry[16..]) - left;
            if (begin < header.Length || length < begin || length > file.Length)
            {
                ImageFormatException.Throw(
                    IszFormat.Id,
                    header.SegmentTableOffset + (i * EntryLength),
                    $"part {i} of {file.Length} bytes is said to have data at {begin} to {length}");
            }

            parts.Add(new SliceSource(file, begin, length - begin));
            left = BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]);
        }

        if (parts.Count == 0)
        {
            ImageFormatException.Throw(IszFormat.Id, header.SegmentTableOffset, "the table of files is empty");
        }

        return parts;
    }

    private static bool TryOpen(ImageOpener opener, int index, out BlockSource file)
    {
        file = null!;
        return opener.Siblings is { } siblings && siblings.TryOpen(NameOf(opener.FileName, index), out file);
    }
}
