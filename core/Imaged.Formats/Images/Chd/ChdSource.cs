using System.Buffers;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Images.Chd;

/// <summary>The hunks of a compressed CHD. The checksum of a compressed hunk is verified whenever it is decoded; that
/// of one that is stored as it is only by <c>verify</c>, so that its bytes can be read without looking at all of
/// it.</summary>
internal sealed class ChdSource : ChunkedSource
{
    /// <summary>What the CRC-16 of hunks and maps begins with.</summary>
    public const ushort CrcStart = 0xffff;

    private readonly BlockSource _file;
    private readonly ChdHeader _header;
    private readonly ChdMap _map;
    private readonly BlockSource? _parent;

    /// <summary>Does not own the file, but the parent.</summary>
    /// <param name="file">The file.</param>
    /// <param name="header">Its header.</param>
    /// <param name="map">Its map.</param>
    /// <param name="parent">The hunks of the parent; null when there is none.</param>
    /// <param name="sectorSize">Logical sector size in bytes.</param>
    /// <param name="cache">For decoded hunks.</param>
    public ChdSource(
        BlockSource file, ChdHeader header, ChdMap map, BlockSource? parent, int sectorSize, BlockCache cache)
        : base(cache)
    {
        SectorSize = sectorSize;
        _file = file;
        _header = header;
        _map = map;
        _parent = parent;
    }

    /// <summary>Bytes of all hunks, the last one whole.</summary>
    public override long Length => _header.HunkCount * _header.HunkLength;

    /// <inheritdoc/>
    public override int SectorSize { get; }

    /// <summary>Checks a hunk that is stored as it is.</summary>
    /// <returns>Whether its checksum is right, or it is stored in another way.</returns>
    public bool IsIntact(long hunk, ReadOnlySpan<byte> content) =>
        _map[hunk] is not { Kind: ChdMapEntry.Plain } entry || Crc16.Update(CrcStart, content) == entry.Crc;

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        int length = _header.HunkLength;
        long hunk = offset / length;
        long begin = hunk * length;
        ChdMapEntry entry = _map[hunk];
        if (entry.Kind == ChdMapEntry.Self)
        {
            hunk = entry.Offset;
            entry = _map[hunk];
        }

        return entry.Kind switch
        {
            ChdMapEntry.Plain when entry.Offset <= _file.Length - length =>
                Chunk.Verbatim(begin, length, _file, entry.Offset),
            ChdMapEntry.Plain => Damaged(begin, $"hunk {hunk} at {entry.Offset} is not inside the file"),
            ChdMapEntry.Parent when _parent is null =>
                Damaged(begin, $"hunk {hunk} is in a parent, and the image has none"),
            ChdMapEntry.Parent when entry.Offset * _header.UnitLength <= _parent.Length - length =>
                Chunk.Verbatim(begin, length, _parent, entry.Offset * _header.UnitLength),
            ChdMapEntry.Parent => Damaged(begin, $"hunk {hunk} is at unit {entry.Offset}, behind the parent"),
            _ => Chunk.Encoded(hunk, begin, length),
        };
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        ChdMapEntry entry = _map[chunk.Index];
        if (entry.Offset > _file.Length - entry.StoredLength)
        {
            ImageFormatException.Throw(
                ChdFormat.Id, entry.Offset, $"hunk {chunk.Index} of {entry.StoredLength} bytes is not inside the file");
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(entry.StoredLength);
        try
        {
            Span<byte> encoded = buffer.AsSpan(0, entry.StoredLength);
            _file.Read(entry.Offset, encoded);
            uint codec = _header.Codecs[entry.Kind];
            if (!ChdCodec.TryDecode(codec, encoded, destination))
            {
                ImageFormatException.Throw(
                    ChdFormat.Id,
                    entry.Offset,
                    $"the data of hunk {chunk.Index} ({ChdHeader.NameOf(codec)}) is damaged");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (Crc16.Update(CrcStart, destination) != entry.Crc)
        {
            ImageFormatException.Throw(ChdFormat.Id, entry.Offset, $"the checksum of hunk {chunk.Index} is wrong");
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _parent?.Dispose();
    }

    private Chunk Damaged(long begin, string message) => Chunk.Verbatim(
        begin, _header.HunkLength, new DamagedSource(ChdFormat.Id, (ulong)_header.MapOffset, message), 0);
}
