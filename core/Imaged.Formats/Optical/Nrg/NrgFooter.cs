using System.Buffers.Binary;

namespace Imaged.Formats.Optical.Nrg;

/// <summary>The end of the file, which tells where the chunks begin.</summary>
/// <param name="Version">1: <c>NERO</c>, offsets of 32 bits; 2: <c>NER5</c>, of 64 bits.</param>
/// <param name="Offset">Byte offset of the footer itself, where the chunks end.</param>
/// <param name="ChunksOffset">Byte offset of the first chunk.</param>
internal readonly record struct NrgFooter(int Version, long Offset, long ChunksOffset)
{
    /// <summary>Bytes at the end of the file in which a footer is looked for: files that were downloaded may have
    /// something behind it.</summary>
    public const int SearchLength = 65536;

    private const int Length1 = 8;
    private const int Length2 = 12;
    private const int EndChunkLength = 8;

    /// <summary>Looks for the last footer.</summary>
    /// <param name="tail">The last bytes of the file.</param>
    /// <param name="fileLength">Length of the file.</param>
    /// <param name="footer">The footer.</param>
    /// <returns>Whether one was found whose chunks begin before it, with a chunk's name if that lies in
    /// <paramref name="tail"/>.</returns>
    public static bool TryFind(ReadOnlySpan<byte> tail, long fileLength, out NrgFooter footer)
    {
        int end = tail.Length;
        while (end > 0)
        {
            int at = tail[..end].LastIndexOf("NER"u8);
            if (at < 0)
            {
                break;
            }

            if (TryParse(tail, at, fileLength - tail.Length, out footer))
            {
                return true;
            }

            end = at;
        }

        footer = default;
        return false;
    }

    /// <summary>Whether four bytes can be the name of a chunk.</summary>
    public static bool IsChunkName(ReadOnlySpan<byte> name)
    {
        foreach (byte letter in name[..4])
        {
            if (!char.IsAsciiLetterUpper((char)letter) && !char.IsAsciiDigit((char)letter) && letter != '!')
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryParse(ReadOnlySpan<byte> tail, int at, long tailOffset, out NrgFooter footer)
    {
        footer = default;
        ReadOnlySpan<byte> bytes = tail[at..];
        ulong chunks;
        int version;
        if (bytes.Length >= Length2 && bytes[3] == '5')
        {
            (version, chunks) = (2, BinaryPrimitives.ReadUInt64BigEndian(bytes[4..]));
        }
        else if (bytes.Length >= Length1 && bytes[3] == 'O')
        {
            (version, chunks) = (1, BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]));
        }
        else
        {
            return false;
        }

        long offset = tailOffset + at;
        if (offset < EndChunkLength || chunks > (ulong)(offset - EndChunkLength))
        {
            return false;
        }

        footer = new(version, offset, (long)chunks);
        long inTail = footer.ChunksOffset - tailOffset;
        return inTail < 0 || IsChunkName(tail[(int)inTail..]);
    }
}
