using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Apple;

/// <summary>AppleSingle and AppleDouble files (RFC 1740): forks and Finder information of a file where the host has
/// only plain files, in one file with the data or in a file <c>._name</c> beside it.</summary>
internal static class AppleDouble
{
    private const int HeaderLength = 26;
    private const int EntryLength = 12;
    private const int MaxEntries = 64;

    /// <summary>Entry id of the data fork.</summary>
    public const uint DataFork = 1;

    /// <summary>Entry id of the resource fork.</summary>
    public const uint ResourceFork = 2;

    /// <summary>How an AppleSingle file begins.</summary>
    public static ReadOnlySpan<byte> SingleMagic => [0, 5, 0x16, 0];

    private static ReadOnlySpan<byte> DoubleMagic => [0, 5, 0x16, 7];

    /// <summary>The resource fork of the image's file, from the AppleDouble file beside it; null when there is
    /// none.</summary>
    /// <exception cref="ImageFormatException">That file is damaged.</exception>
    public static BlockSource? FindResourceFork(string format, ImageOpener opener) =>
        opener.Siblings is { } siblings && siblings.TryOpen("._" + opener.FileName, out BlockSource file)
            ? FindEntry(format, file, ResourceFork)
            : null;

    /// <summary>An entry of an AppleSingle or AppleDouble file, which is not taken over; null when the file is of
    /// neither kind or has no such entry.</summary>
    /// <exception cref="ImageFormatException">The entry lies outside the file.</exception>
    public static BlockSource? FindEntry(string format, BlockSource file, uint id)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        if (file.ReadUpTo(0, header) < HeaderLength
            || !(header.StartsWith(SingleMagic) || header.StartsWith(DoubleMagic)))
        {
            return null;
        }

        int count = Math.Min((int)BinaryPrimitives.ReadUInt16BigEndian(header[24..]), MaxEntries);
        Span<byte> entry = stackalloc byte[EntryLength];
        for (int i = 0; i < count && file.ReadUpTo(HeaderLength + (i * EntryLength), entry) == EntryLength; i++)
        {
            long offset = BinaryPrimitives.ReadUInt32BigEndian(entry[4..]);
            long length = BinaryPrimitives.ReadUInt32BigEndian(entry[8..]);
            if (BinaryPrimitives.ReadUInt32BigEndian(entry) != id)
            {
                continue;
            }

            if (offset > file.Length - length)
            {
                ImageFormatException.Throw(format, offset, $"a fork of {length} bytes ends behind its file");
            }

            return new SliceSource(file, offset, length);
        }

        return null;
    }
}
