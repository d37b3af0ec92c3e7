using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Uif;

/// <summary>Where the chunks of an image stand: the block <c>blhr</c>. Immutable.</summary>
internal sealed class UifTable
{
    private const int HeaderLength = 16;

    // Of the size that a block says it has, these bytes are fields of its header.
    private const int CountedLength = 8;

    // 48 MiB of entries.
    private const int MaxChunks = 1 << 21;

    private readonly UifChunk[] _chunks;

    private UifTable(UifChunk[] chunks, long missing)
    {
        _chunks = chunks;
        MissingSectors = missing;
    }

    /// <summary>Sectors that no chunk has.</summary>
    public long MissingSectors { get; }

    private static ReadOnlySpan<byte> Magic => "blhr"u8;

    /// <summary>Reads the table.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public static UifTable Read(BlockSource file, UifTrailer trailer, Des? cipher)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        long offset = trailer.TableOffset;
        if (offset < 0 || file.ReadUpTo(offset, header) < HeaderLength || !header.StartsWith(Magic))
        {
            ImageFormatException.Throw(UifFormat.Id, offset, "there is no table of chunks");
        }

        long length = (long)BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) - CountedLength;
        bool isCompressed = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]) != 0;
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        if (count is 0 or > MaxChunks || length is <= 0 or > ((long)MaxChunks * UifChunk.EntryLength)
            || length > file.Length - offset - HeaderLength)
        {
            ImageFormatException.Throw(UifFormat.Id, offset, $"the table has {count} chunks in {length} bytes");
        }

        byte[] raw = file.ReadBytes(offset + HeaderLength, (int)length);
        cipher?.DecryptEcb(raw);
        byte[] entries = isCompressed ? new byte[(int)count * UifChunk.EntryLength] : raw;
        if (entries.Length < count * UifChunk.EntryLength
            || (isCompressed && !UifDecoder.TryDecode(trailer.Version, raw, entries)))
        {
            ImageFormatException.Throw(UifFormat.Id, offset, "the table of chunks is damaged");
        }

        return Order(file, trailer, entries, (int)count);
    }

    /// <summary>The last chunk that begins at a sector or before, or the next one behind it.</summary>
    /// <param name="sector">The sector.</param>
    /// <param name="next">First sector of the chunk behind it, or behind all.</param>
    /// <returns>Null when the sector is before all chunks.</returns>
    public UifChunk? Find(long sector, out long next)
    {
        int index = RunSearch.FindLast<UifChunk>(_chunks, sector, static chunk => chunk.Sector);
        next = index + 1 < _chunks.Length ? _chunks[index + 1].Sector : long.MaxValue;
        return index < 0 ? null : _chunks[index];
    }

    private static UifTable Order(BlockSource file, UifTrailer trailer, byte[] entries, int count)
    {
        UifChunk[] chunks = new UifChunk[count];
        for (int i = 0; i < count; i++)
        {
            chunks[i] = UifChunk.Parse(entries.AsSpan(i * UifChunk.EntryLength));
        }

        Array.Sort(chunks, (a, b) => a.Sector.CompareTo(b.Sector));
        long end = 0;
        long missing = trailer.Sectors;
        foreach (UifChunk chunk in chunks)
        {
            Check(file, trailer, chunk, end);
            end = chunk.End;
            missing -= chunk.Sectors;
        }

        return new(chunks, missing);
    }

    private static void Check(BlockSource file, UifTrailer trailer, UifChunk chunk, long end)
    {
        if (chunk.Sectors == 0 || chunk.Sector < end || chunk.End > trailer.Sectors)
        {
            ImageFormatException.Throw(
                UifFormat.Id,
                trailer.TableOffset,
                $"a chunk has sectors {chunk.Sector} to {chunk.End - 1}, of {trailer.Sectors}, of which {end} are had");
        }

        if (chunk.Kind == UifChunkKind.Zero)
        {
            return;
        }

        if (chunk.Kind is not (UifChunkKind.Stored or UifChunkKind.Compressed))
        {
            UnsupportedFeatureException.Throw(UifFormat.Id, $"a chunk of type {(uint)chunk.Kind}");
        }

        if (chunk.StoredOffset < 0 || chunk.StoredOffset > file.Length - chunk.StoredLength
            || chunk.StoredLength > ChunkedSource.MaxChunkLength
            || chunk.Sectors * (long)trailer.SectorLength > ChunkedSource.MaxChunkLength)
        {
            ImageFormatException.Throw(
                UifFormat.Id,
                trailer.TableOffset,
                $"a chunk of {chunk.Sectors} sectors has {chunk.StoredLength} bytes at {chunk.StoredOffset}");
        }
    }
}
