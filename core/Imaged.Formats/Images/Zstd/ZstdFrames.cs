using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Images.Compressed;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Zstd;

/// <summary>The frames of a file.</summary>
/// <param name="Parts">Of those that hold something, in their order; small ones that follow each other are one part.
/// Where a length is not known all of them have none.</param>
/// <param name="Count">Frames that are not skippable.</param>
/// <param name="IsMeasured">Whether all lengths are known.</param>
/// <param name="HasTable">Whether they are known by a seek table.</param>
/// <param name="Checksums">Frames with a checksum.</param>
/// <param name="Trailing">Bytes that follow the last frame.</param>
internal sealed record ZstdFrames(
    List<SeekPoint> Parts, long Count, bool IsMeasured, bool HasTable, long Checksums, long Trailing)
{
    private const int SmallPart = 1 << 20;
    private const uint TableFrame = 0x184D2A5E;
    private const uint TableMagic = 0x8F92EAB1;
    private const int FooterLength = 9;
    private const int SkippableHeader = 8;

    /// <summary>Finds the frames: by the table of the seekable format, else by going from one to the next.</summary>
    /// <exception cref="ImageFormatException">One is damaged or cut off.</exception>
    /// <exception cref="UnsupportedFeatureException">A window is too large.</exception>
    public static ZstdFrames Find(BlockSource file) => TryReadTable(file) ?? Walk(file);

    private static ZstdFrames Walk(BlockSource file)
    {
        Collector parts = new();
        long offset = 0;
        while (offset < file.Length && ZstdFrame.TryRead(file, offset) is { } frame)
        {
            long end = frame.FindEnd(file);
            if (frame.SkippedLength is null)
            {
                parts.Add(offset, end, frame.ContentLength);
                parts.Checksums += frame.HasChecksum ? 1 : 0;
            }

            offset = end;
        }

        return parts.ToFrames(hasTable: false, file.Length - offset);
    }

    // zstd_seekable_compression_format.md 0.1.0 of the zstd project: a skippable frame at the end with lengths of each
    // frame, and behind them their number, a descriptor and a magic number. What it says is checked when a part is
    // decoded; a table that does not fit is not used.
    private static ZstdFrames? TryReadTable(BlockSource file)
    {
        Span<byte> footer = stackalloc byte[FooterLength];
        if (file.Length < FooterLength + SkippableHeader || file.IsOneWay)
        {
            return null;
        }

        file.Read(file.Length - FooterLength, footer);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(footer);
        int entry = (footer[4] & 0x80) != 0 ? 12 : 8;
        long length = (count * (long)entry) + FooterLength + SkippableHeader;
        if (BinaryPrimitives.ReadUInt32LittleEndian(footer[5..]) != TableMagic || (footer[4] & 0x7c) != 0
            || count is 0 or > SeekIndex.MaxPoints || length > file.Length)
        {
            return null;
        }

        byte[] table = file.ReadBytes(file.Length - length, (int)length);
        if (BinaryPrimitives.ReadUInt32LittleEndian(table) != TableFrame
            || BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan(4)) != length - SkippableHeader)
        {
            return null;
        }

        Collector parts = new();
        long offset = 0;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> record = table.AsSpan(SkippableHeader + (i * entry));
            uint stored = BinaryPrimitives.ReadUInt32LittleEndian(record);
            parts.Add(offset, offset + stored, BinaryPrimitives.ReadUInt32LittleEndian(record[4..]));
            offset += stored;
        }

        // Frames stand one behind the other from the beginning on; that the first one is one is checked at least.
        return offset == file.Length - length && parts.IsAny && ZstdFrame.TryRead(file, 0) is not null
            ? parts.ToFrames(hasTable: true, 0)
            : null;
    }

    private sealed class Collector
    {
        private readonly List<SeekPoint> _parts = [];
        private long _content;
        private long _count;
        private bool _isMeasured = true;

        public long Checksums { get; set; }

        public bool IsAny => _parts.Count > 0;

        public void Add(long offset, long end, long? length)
        {
            _count++;
            if (length == 0 || offset == end)
            {
                return;
            }

            if (_parts is [.., var last] && _isMeasured && length is { } more && last.Length + more <= SmallPart)
            {
                // With what was skipped between them.
                _parts[^1] = last with { Length = last.Length + more, StoredLength = end - last.StoredOffset };
            }
            else
            {
                _parts.Add(new(_content, length ?? 0, offset * 8, end - offset));
            }

            _isMeasured &= length is not null;
            _content += length ?? 0;
            if (_parts.Count > SeekIndex.MaxPoints)
            {
                ImageFormatException.Throw(
                    ZstdFormat.Info.Id, offset, $"the file has more than {SeekIndex.MaxPoints} frames");
            }
        }

        public ZstdFrames ToFrames(bool hasTable, long trailing)
        {
            if (_parts.Count == 0)
            {
                ImageFormatException.Throw(ZstdFormat.Info.Id, 0, "the file holds nothing");
            }

            return new(_parts, _count, _isMeasured, hasTable, Checksums, trailing);
        }
    }
}
