using System.Buffers;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Dmg;

/// <summary>The disk of a UDIF image: the chunks of all its tables. What no chunk covers is zero.</summary>
internal sealed class DmgSource : ChunkedSource
{
    private const int SectorLength = 512;

    private readonly BlockSource _fork;
    private readonly DmgChunk[] _chunks;

    /// <summary>Does not own the data fork.</summary>
    /// <param name="fork">What chunks are stored in.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="sectorCount">Sectors of the disk, as the trailer says.</param>
    /// <param name="cache">For decoded chunks.</param>
    /// <exception cref="ImageFormatException">Chunks overlap.</exception>
    public DmgSource(BlockSource fork, IReadOnlyList<DmgTable> tables, long sectorCount, BlockCache cache)
        : base(cache)
    {
        _fork = fork;
        _chunks = [.. tables.SelectMany(table => table.Chunks).OrderBy(chunk => chunk.Sector)];
        long end = 0;
        foreach (DmgChunk chunk in _chunks)
        {
            if (chunk.Sector < end)
            {
                ImageFormatException.Throw(DmgFormat.Info.Id, 0, $"two chunks hold sector {chunk.Sector}");
            }

            end = chunk.Sector + chunk.Count;
        }

        EndSector = end;
        Length = Math.Max(sectorCount, end) * SectorLength;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <summary>The sector behind the last chunk.</summary>
    public long EndSector { get; }

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        int index = FindLast(offset / SectorLength);
        DmgChunk chunk = index < 0 ? default : _chunks[index];
        long begin = chunk.Sector * SectorLength;
        long length = chunk.Count * SectorLength;
        if (offset >= begin + length)
        {
            long next = index + 1 < _chunks.Length ? _chunks[index + 1].Sector * SectorLength : Length;
            return Chunk.Unallocated(begin + length, next - begin - length);
        }

        switch (chunk.Kind)
        {
            case DmgChunkKind.Zero:
                return Chunk.Zero(begin, length);
            case DmgChunkKind.Ignore:
                return Chunk.Unallocated(begin, length);
            case DmgChunkKind.Raw:
                long stored = Math.Min(chunk.StoredLength, length);
                return offset < begin + stored
                    ? Chunk.Verbatim(begin, stored, _fork, chunk.StoredOffset)
                    : Chunk.Zero(begin + stored, length - stored);
            default:
                return Chunk.Encoded(index, begin, (int)length);
        }
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        DmgChunk stored = _chunks[chunk.Index];
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)stored.StoredLength);
        try
        {
            Span<byte> encoded = buffer.AsSpan(0, (int)stored.StoredLength);
            _fork.Read(stored.StoredOffset, encoded);
            int count = stored.Kind switch
            {
                DmgChunkKind.Adc => AdcDecoder.Decode(encoded, destination),
                DmgChunkKind.Zlib => ZlibDecoder.Decode(encoded, destination),
                DmgChunkKind.Bzip2 => Bzip2Decoder.Decode(DmgFormat.Info.Id, encoded, destination),
                DmgChunkKind.Lzfse => LzfseDecoder.Decode(encoded, destination),
                _ => LzmaDecoder.DecodeXz(DmgFormat.Info.Id, encoded, destination),
            };
            if (count != destination.Length)
            {
                ImageFormatException.Throw(
                    DmgFormat.Info.Id,
                    stored.StoredOffset,
                    $"the {stored.Kind} data of the {stored.Count} sectors from {stored.Sector} on is damaged");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Index of the last chunk that begins at or before the sector; -1 when there is none.
    private int FindLast(long sector)
    {
        int low = 0;
        int high = _chunks.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_chunks[middle].Sector <= sector)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low - 1;
    }
}
