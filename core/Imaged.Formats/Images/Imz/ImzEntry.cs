using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Imz;

/// <summary>The only file in a zip file ("APPNOTE.TXT" of PKWARE, sections 4.3.7, 4.3.12 and 4.3.16).</summary>
/// <param name="Name">Its name.</param>
/// <param name="Method">0 stored, 8 deflate.</param>
/// <param name="IsEncrypted">Whether it is encrypted.</param>
/// <param name="HasImzCipher">Whether by WinImage's own method.</param>
/// <param name="Crc">CRC-32 of its content.</param>
/// <param name="StoredOffset">Byte offset of what is stored.</param>
/// <param name="StoredLength">Bytes of it.</param>
/// <param name="Length">Bytes of its content, 1 to <see cref="MaxLength"/>.</param>
internal sealed record ImzEntry(
    string Name,
    int Method,
    bool IsEncrypted,
    bool HasImzCipher,
    uint Crc,
    long StoredOffset,
    int StoredLength,
    int Length)
{
    /// <summary>Most bytes of an image.</summary>
    public const int MaxLength = 64 << 20;

    // What deflate and the encryption may add to what cannot be compressed.
    private const int MaxOverhead = 1 << 20;

    private const int EndLength = 22;
    private const int CentralLength = 46;
    private const int LocalLength = 30;
    private const int MaxComment = ushort.MaxValue;
    private const int ImzExtra = 0x4953;

    /// <summary>What a zip file with a file in it begins with.</summary>
    public static ReadOnlySpan<byte> LocalMagic => "PK\x03\x04"u8;

    private static ReadOnlySpan<byte> CentralMagic => "PK\x01\x02"u8;

    private static ReadOnlySpan<byte> EndMagic => "PK\x05\x06"u8;

    /// <summary>Finds the directory's end: the record that only a comment follows.</summary>
    /// <param name="tail">The end of the file.</param>
    /// <param name="end">The record.</param>
    /// <returns>Whether it is there.</returns>
    public static bool TryFindEnd(ReadOnlySpan<byte> tail, out ReadOnlySpan<byte> end)
    {
        for (int at = tail.LastIndexOf(EndMagic); at >= 0; at = tail[..at].LastIndexOf(EndMagic))
        {
            end = tail[at..];
            if (end.Length >= EndLength && end.Length == EndLength + BinaryPrimitives.ReadUInt16LittleEndian(end[20..]))
            {
                return true;
            }
        }

        end = default;
        return false;
    }

    /// <summary>Number of files that the record at the end says there are.</summary>
    public static int CountOf(ReadOnlySpan<byte> end) => BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);

    /// <summary>Reads the directory.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">There is not exactly one file.</exception>
    public static ImzEntry Read(BlockSource file)
    {
        int tail = (int)Math.Min(file.Length, EndLength + MaxComment);
        if (!TryFindEnd(file.ReadBytes(file.Length - tail, tail), out ReadOnlySpan<byte> end))
        {
            ImageFormatException.Throw(ImzFormat.Id, file.Length - tail, "the end of the directory is not there");
        }

        if (CountOf(end) != 1)
        {
            UnsupportedFeatureException.Throw(ImzFormat.Id, $"a zip file of {CountOf(end)} files");
        }

        long offset = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        Span<byte> central = stackalloc byte[CentralLength];
        if (file.ReadUpTo(offset, central) < CentralLength || !central.StartsWith(CentralMagic))
        {
            ImageFormatException.Throw(ImzFormat.Id, offset, "the directory is not there");
        }

        return Parse(file, offset, central);
    }

    private static ImzEntry Parse(BlockSource file, long offset, ReadOnlySpan<byte> central)
    {
        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(central[28..]);
        int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(central[30..]);
        byte[] rest = new byte[nameLength + extraLength];
        long local = BinaryPrimitives.ReadUInt32LittleEndian(central[42..]);
        Span<byte> header = stackalloc byte[LocalLength];
        if (file.ReadUpTo(offset + CentralLength, rest) < rest.Length
            || file.ReadUpTo(local, header) < LocalLength || !header.StartsWith(LocalMagic))
        {
            ImageFormatException.Throw(ImzFormat.Id, offset, "the directory is damaged");
        }

        long data = local + LocalLength + BinaryPrimitives.ReadUInt16LittleEndian(header[26..])
            + BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(central[20..]);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(central[24..]);
        if (length is 0 or > MaxLength || stored > MaxLength + MaxOverhead || data > file.Length - stored)
        {
            ImageFormatException.Throw(
                ImzFormat.Id, offset, $"the image has {length} bytes (at most {MaxLength}), {stored} are stored");
        }

        return new(
            Encoding.Latin1.GetString(rest, 0, nameLength),
            BinaryPrimitives.ReadUInt16LittleEndian(central[10..]),
            (central[8] & 1) != 0,
            HasExtra(rest.AsSpan(nameLength)),
            BinaryPrimitives.ReadUInt32LittleEndian(central[16..]),
            data,
            (int)stored,
            (int)length);
    }

    private static bool HasExtra(ReadOnlySpan<byte> extra)
    {
        while (extra.Length >= 4)
        {
            if (BinaryPrimitives.ReadUInt16LittleEndian(extra) == ImzExtra)
            {
                return true;
            }

            extra = extra[Math.Min(extra.Length, 4 + BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]))..];
        }

        return false;
    }
}
