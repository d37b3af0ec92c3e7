using System.Buffers.Binary;
using Imaged.Formats.Images.Floppy;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Td0;

/// <summary>Reads comment and tracks of a Teledisk image. Not thread-safe.</summary>
/// <param name="body">All behind the header, not compressed any more; offsets in errors are in it.</param>
internal sealed class Td0Reader(byte[] body)
{
    private const byte EndOfTracks = 0xff;
    private const int TrackHeaderLength = 4;
    private const int SectorHeaderLength = 6;
    private const int CommentHeaderLength = 10;
    private const byte SingleDensity = 0x80;

    private const byte ErrorFlag = 0x02;
    private const byte DeletedFlag = 0x04;
    private const byte UnusedFlag = 0x10;
    private const byte NoDataFlag = 0x20;
    private const byte NoAddressFlag = 0x40;

    private readonly FloppyBytes _bytes = new(Td0Format.Id, body);
    private readonly List<string> _warnings = [];

    /// <summary>Harmless oddities.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>The lines of the comment, at most 32.</summary>
    public string[] ReadComment()
    {
        ReadOnlySpan<byte> header = _bytes.Take(CommentHeaderLength);
        ReadOnlySpan<byte> text = _bytes.Take(BinaryPrimitives.ReadUInt16LittleEndian(header[2..]));
        byte[] summed = [.. header[2..], .. text];
        if (BinaryPrimitives.ReadUInt16LittleEndian(header) != Td0Crc.Compute(summed))
        {
            _warnings.Add("the checksum of the comment is wrong");
        }

        return FloppyBytes.LinesOf(text);
    }

    /// <summary>The tracks.</summary>
    /// <exception cref="ImageFormatException">They are damaged, or have no end.</exception>
    public FloppyDisk ReadTracks()
    {
        FloppyDisk disk = new(Td0Format.Id);
        while (_bytes.Peek() != EndOfTracks)
        {
            int begin = _bytes.Offset;
            ReadOnlySpan<byte> header = _bytes.Take(TrackHeaderLength);
            if (header[3] != (byte)(Td0Crc.Compute(header[..3]) & 0xff))
            {
                ImageFormatException.Throw(Td0Format.Id, begin, "the checksum of a track's header is wrong");
            }

            for (int i = 0; i < header[0]; i++)
            {
                ReadSector(disk, header[1], header[2] & ~SingleDensity);
            }
        }

        return disk;
    }

    private void ReadSector(FloppyDisk disk, int cylinder, int head)
    {
        int begin = _bytes.Offset;
        ReadOnlySpan<byte> header = _bytes.Take(SectorHeaderLength);
        (int number, int code, int flags, byte check) = (header[2], header[3], header[4], header[5]);
        if (code > FloppyDisk.MaxSizeCode)
        {
            ImageFormatException.Throw(Td0Format.Id, begin, $"the size of a sector is {code}");
        }

        FloppySectorState state = (flags & DeletedFlag) != 0 ? FloppySectorState.Deleted : FloppySectorState.Good;
        state |= (flags & ErrorFlag) != 0 ? FloppySectorState.Bad : FloppySectorState.Good;
        state |= (flags & UnusedFlag) != 0 ? FloppySectorState.Unused : FloppySectorState.Good;
        byte[]? data = null;
        if ((flags & (UnusedFlag | NoDataFlag)) == 0)
        {
            data = ReadData(128 << code);
            state |= check != (byte)(Td0Crc.Compute(data) & 0xff) ? FloppySectorState.Bad : FloppySectorState.Good;
        }

        // Without an address mark the number is made up.
        if ((flags & NoAddressFlag) == 0)
        {
            disk.Add(new(cylinder, head, number, 128 << code, data, state), begin);
        }
    }

    private byte[] ReadData(int length)
    {
        int begin = _bytes.Offset;
        ReadOnlySpan<byte> block = _bytes.Take(BinaryPrimitives.ReadUInt16LittleEndian(_bytes.Take(sizeof(ushort))));
        byte[] data = new byte[length];
        bool isWhole = !block.IsEmpty && block[0] switch
        {
            0 => block.Length - 1 == length && block[1..].TryCopyTo(data),
            1 => TryRepeat(block[1..], data),
            2 => TryExpand(block[1..], data),
            _ => throw new UnsupportedFeatureException(Td0Format.Id, $"a sector encoded by method {block[0]}"),
        };
        if (!isWhole)
        {
            ImageFormatException.Throw(Td0Format.Id, begin, $"the data of a sector of {length} bytes is damaged");
        }

        return data;
    }

    // A count, and two bytes that are repeated so often.
    private static bool TryRepeat(ReadOnlySpan<byte> block, Span<byte> data)
    {
        for (; block.Length >= 4; block = block[4..])
        {
            int length = 2 * BinaryPrimitives.ReadUInt16LittleEndian(block);
            if (length > data.Length)
            {
                return false;
            }

            Fill(data[..length], block.Slice(2, 2));
            data = data[length..];
        }

        return data.IsEmpty;
    }

    // Bytes as they are behind a 0 and their count; else half the length of a pattern, a count and the pattern.
    private static bool TryExpand(ReadOnlySpan<byte> block, Span<byte> data)
    {
        while (block.Length >= 2)
        {
            int pattern = block[0] == 0 ? block[1] : 2 * block[0];
            int length = block[0] == 0 ? block[1] : pattern * block[1];
            block = block[2..];
            if (pattern > block.Length || length > data.Length)
            {
                return false;
            }

            Fill(data[..length], block[..pattern]);
            data = data[length..];
            block = block[pattern..];
        }

        return data.IsEmpty;
    }

    // A whole number of patterns.
    private static void Fill(Span<byte> data, ReadOnlySpan<byte> pattern)
    {
        for (; !data.IsEmpty; data = data[pattern.Length..])
        {
            pattern.CopyTo(data);
        }
    }
}
