using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Ecm;

/// <summary>The header of a record: its kind in two bits, and the count less one in groups of 5 and then 7 bits, the
/// lowest first, each byte saying whether another one follows.</summary>
/// <param name="Kind">What follows; never <see cref="EcmKind.Mixed"/>.</param>
/// <param name="Count">How many bytes or sectors; 0 is the end of all records.</param>
/// <param name="HeaderLength">Bytes of this header, 1 to 5.</param>
internal readonly record struct EcmRecord(EcmKind Kind, long Count, int HeaderLength)
{
    /// <summary>Most bytes of a header.</summary>
    public const int MaxHeaderLength = 5;

    private const byte More = 0x80;

    /// <summary>Bytes that are stored behind the header.</summary>
    public long StoredLength => Count * EcmSector.StoredLength(Kind);

    /// <summary>Bytes that the record decodes to.</summary>
    public long Length => Count * EcmSector.Length(Kind);

    /// <summary>Parses a header.</summary>
    /// <param name="raw">The file from the header on.</param>
    /// <param name="offset">Byte offset of the header, for errors.</param>
    /// <exception cref="ImageFormatException">It is cut off, or its count has more than 32 bits.</exception>
    public static EcmRecord Parse(ReadOnlySpan<byte> raw, long offset)
    {
        ulong count = 0;
        for (int i = 0; i < MaxHeaderLength && i < raw.Length; i++)
        {
            count |= i == 0 ? (ulong)(raw[0] & 0x7f) >> 2 : (ulong)(raw[i] & 0x7f) << (5 + (7 * (i - 1)));
            if ((raw[i] & More) == 0 && count <= uint.MaxValue)
            {
                return new((EcmKind)(raw[0] & 3), count == uint.MaxValue ? 0 : (long)count + 1, i + 1);
            }
        }

        throw new ImageFormatException(
            EcmFormat.Id,
            offset,
            raw.Length < MaxHeaderLength ? "the file is cut off" : "the count of a record has more than 32 bits");
    }
}
