using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Images.Mapping;

namespace Imaged.Formats.Images.Vmdk;

/// <summary>The grains of a sparse extent, hosted or of ESX.</summary>
internal sealed class VmdkSparseSource : MappedSource
{
    private const int SectorLength = VmdkSparseHeader.SectorLength;

    // Before a stream: 8 bytes of address, 4 of length.
    private const int MarkerLength = 12;

    private readonly VmdkSparseHeader _header;

    /// <summary>The grains; the file stays its owner's.</summary>
    public VmdkSparseSource(VmdkSparseHeader header, BlockSource file, BlockCache cache)
        : base(VmdkFormat.Info.Id, file, cache, header.Length, header.GrainLength, 4)
    {
        _header = header;
    }

    /// <inheritdoc/>
    protected override EntryRun Locate(long index)
    {
        int inTable = (int)(index % _header.TableCount);
        long left = _header.TableCount - inTable;
        ulong at = (ulong)(_header.DirectoryOffset + (index / _header.TableCount * 4));
        Span<byte> raw = stackalloc byte[4];
        if (!TryReadTable(at, raw))
        {
            return EntryRun.Damaged(at, left, "the grain directory is not inside the file");
        }

        uint table = BinaryPrimitives.ReadUInt32LittleEndian(raw);
        return table == 0
            ? EntryRun.Missing(left)
            : EntryRun.At((table * (ulong)SectorLength) + (ulong)(inTable * 4), left);
    }

    /// <inheritdoc/>
    protected override Chunk Describe(in TableEntry entry)
    {
        uint sector = entry.UInt32Little;
        return sector switch
        {
            0 => Unallocated(entry),
            1 when _header.HasZeroGrains => Zero(entry),
            _ when _header.IsCompressed => Encoded(entry),
            _ => Stored(entry, ImageFile, sector * (ulong)SectorLength),
        };
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        Span<byte> raw = stackalloc byte[MarkerLength];
        bool isThere = TryReadTable(Locate(chunk.Index).Offset, raw[..4]);
        Debug.Assert(isThere, "the chunk was described by this entry");
        long offset = BinaryPrimitives.ReadUInt32LittleEndian(raw) * (long)SectorLength;
        long length = 2L * _header.GrainLength;
        if (_header.HasMarkers)
        {
            if (!TryReadTable((ulong)offset, raw))
            {
                VmdkFormat.Throw(offset, "the grain lies behind the end of the file");
            }

            ulong address = BinaryPrimitives.ReadUInt64LittleEndian(raw);
            length = BinaryPrimitives.ReadUInt32LittleEndian(raw[8..]);
            offset += MarkerLength;
            if (address != (ulong)(chunk.Offset / SectorLength) || length > 2L * _header.GrainLength)
            {
                VmdkFormat.Throw(
                    offset - MarkerLength, $"a grain of {length} bytes for sector {address} is in a wrong place");
            }
        }

        length = Math.Min(length, ImageFile.Length - offset);
        if (length <= 0)
        {
            VmdkFormat.Throw(offset, "the grain is empty, or lies behind the end of the file");
        }

        byte[] stored = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            ImageFile.Read(offset, stored.AsSpan(0, (int)length));
            // Of the last grain the end of the disk cuts something off.
            ReadOnlySpan<byte> stream = stored.AsSpan(0, (int)length);
            int count = destination.Length == _header.GrainLength
                ? ZlibDecoder.Decode(stream, destination)
                : ZlibDecoder.DecodePrefix(stream, destination);
            if (count != destination.Length)
            {
                VmdkFormat.Throw(offset, "the compressed grain is damaged");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }
}
