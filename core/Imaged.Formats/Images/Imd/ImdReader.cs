using System.Buffers.Binary;
using Imaged.Formats.Images.Floppy;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Imd;

/// <summary>Reads the tracks of an IMD image ("ImageDisk", IMD.TXT, section 6). Not thread-safe.</summary>
/// <param name="file">The whole file.</param>
internal sealed class ImdReader(byte[] file)
{
    /// <summary>The byte that ends the text.</summary>
    public const byte EndOfText = 0x1a;

    private const int MaxText = 64 << 10;
    private const int TrackHeaderLength = 5;
    private const int MaxMode = 5;
    private const byte CylinderMap = 0x80;
    private const byte HeadMap = 0x40;
    private const byte SizeTable = 0xff;
    private const int MaxType = 8;

    private readonly FloppyBytes _bytes = new(ImdFormat.Id, file);

    /// <summary>The lines before the tracks, at most 32; the first one says what made the file.</summary>
    /// <exception cref="ImageFormatException">The text has no end.</exception>
    public string[] ReadText()
    {
        int end = _bytes.IndexOf(EndOfText, MaxText);
        if (end < 0)
        {
            ImageFormatException.Throw(ImdFormat.Id, 0, "the text at the beginning has no end");
        }

        string[] lines = FloppyBytes.LinesOf(_bytes.Take(end));
        _ = _bytes.Take(1);
        return lines.Length == 0 ? [string.Empty] : lines;
    }

    /// <summary>The tracks.</summary>
    /// <exception cref="ImageFormatException">They are damaged.</exception>
    public FloppyDisk ReadTracks()
    {
        FloppyDisk disk = new(ImdFormat.Id);
        while (!_bytes.IsAtEnd)
        {
            ReadTrack(disk);
        }

        return disk;
    }

    private void ReadTrack(FloppyDisk disk)
    {
        int begin = _bytes.Offset;
        ReadOnlySpan<byte> header = _bytes.Take(TrackHeaderLength);
        (int mode, int cylinder, int flags, int count, int code) =
            (header[0], header[1], header[2], header[3], header[4]);
        int head = flags & ~(CylinderMap | HeadMap);
        if (mode > MaxMode || (code != SizeTable && code > FloppyDisk.MaxSizeCode))
        {
            ImageFormatException.Throw(ImdFormat.Id, begin, $"a track has mode {mode} and sectors of size {code}");
        }

        // What the sectors say of their place is for copy protections; where the heads were counts.
        ReadOnlySpan<byte> numbers = _bytes.Take(count);
        _ = _bytes.Take((flags & CylinderMap) != 0 ? count : 0);
        _ = _bytes.Take((flags & HeadMap) != 0 ? count : 0);
        ReadOnlySpan<byte> sizes = _bytes.Take(code == SizeTable ? count * sizeof(ushort) : 0);
        for (int i = 0; i < count; i++)
        {
            int length = code == SizeTable
                ? BinaryPrimitives.ReadUInt16LittleEndian(sizes[(i * sizeof(ushort))..])
                : 128 << code;
            int at = _bytes.Offset;
            byte[]? data = ReadSector(length, out FloppySectorState state);
            disk.Add(new(cylinder, head, numbers[i], length, data, state), at);
        }
    }

    // Odd types have all bytes, even ones a byte that all are; in pairs good, deleted, bad, both.
    private byte[]? ReadSector(int length, out FloppySectorState state)
    {
        int type = _bytes.Take(1)[0];
        if (type > MaxType || length is 0 or > (128 << FloppyDisk.MaxSizeCode))
        {
            ImageFormatException.Throw(ImdFormat.Id, _bytes.Offset - 1, $"a sector of {length} bytes has type {type}");
        }

        state = FloppySectorState.Good;
        if (type == 0)
        {
            return null;
        }

        int kind = (type - 1) / 2;
        state |= (kind & 1) != 0 ? FloppySectorState.Deleted : FloppySectorState.Good;
        state |= (kind & 2) != 0 ? FloppySectorState.Bad : FloppySectorState.Good;
        if ((type & 1) != 0)
        {
            return _bytes.Take(length).ToArray();
        }

        byte[] filled = new byte[length];
        filled.AsSpan().Fill(_bytes.Take(1)[0]);
        return filled;
    }
}
