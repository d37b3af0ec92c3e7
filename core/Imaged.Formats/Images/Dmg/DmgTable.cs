using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Dmg;

/// <summary>A block table (<c>mish</c>): the chunks of one partition, or of what stands between partitions.</summary>
/// <param name="Name">What it is of, for people; may be empty.</param>
/// <param name="Checksum">Of its decoded sectors, without those that are to be ignored.</param>
/// <param name="Chunks">In their order.</param>
internal sealed record DmgTable(string Name, DmgChecksum Checksum, DmgChunk[] Chunks)
{
    private const int HeaderLength = 204;
    private const int ChunkLength = 40;
    private const int SectorSize = 512;

    /// <summary>Reads a table.</summary>
    /// <param name="raw">Its bytes.</param>
    /// <param name="name">Its name.</param>
    /// <param name="fork">The data fork.</param>
    /// <exception cref="ImageFormatException">A field is out of its range.</exception>
    /// <exception cref="UnsupportedFeatureException">A chunk is stored in a way that nobody described.</exception>
    public static DmgTable Parse(ReadOnlySpan<byte> raw, string name, BlockSource fork)
    {
        if (raw.Length < HeaderLength || !raw.StartsWith("mish"u8))
        {
            ImageFormatException.Throw(DmgFormat.Info.Id, 0, $"table '{name}' of {raw.Length} bytes is no block table");
        }

        ulong first = BinaryPrimitives.ReadUInt64BigEndian(raw[8..]);
        ulong sectors = BinaryPrimitives.ReadUInt64BigEndian(raw[16..]);
        ulong dataOffset = BinaryPrimitives.ReadUInt64BigEndian(raw[24..]);
        uint count = BinaryPrimitives.ReadUInt32BigEndian(raw[200..]);
        if (first > KolyTrailer.MaxSectorCount || sectors > KolyTrailer.MaxSectorCount - first
            || dataOffset > (ulong)fork.Length || count > (raw.Length - HeaderLength) / ChunkLength)
        {
            ImageFormatException.Throw(
                DmgFormat.Info.Id,
                0,
                $"table '{name}' has {sectors} sectors from {first} on, {count} chunks, data from {dataOffset} on");
        }

        List<DmgChunk> chunks = new((int)count);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = raw.Slice(HeaderLength + (i * ChunkLength), ChunkLength);
            DmgChunkKind kind = (DmgChunkKind)BinaryPrimitives.ReadUInt32BigEndian(entry);
            if (kind == DmgChunkKind.End)
            {
                break;
            }

            if (kind != DmgChunkKind.Comment && BinaryPrimitives.ReadUInt64BigEndian(entry[16..]) > 0)
            {
                chunks.Add(ParseChunk(entry, kind, (long)first, (long)sectors, (long)dataOffset, fork.Length));
            }
        }

        return new(name, DmgChecksum.Parse(raw.Slice(64, DmgChecksum.Length)), [.. chunks]);
    }

    private static DmgChunk ParseChunk(
        ReadOnlySpan<byte> entry, DmgChunkKind kind, long first, long sectors, long dataOffset, long forkLength)
    {
        CheckKind(kind);
        ulong sector = BinaryPrimitives.ReadUInt64BigEndian(entry[8..]);
        ulong count = BinaryPrimitives.ReadUInt64BigEndian(entry[16..]);
        ulong offset = BinaryPrimitives.ReadUInt64BigEndian(entry[24..]);
        ulong length = BinaryPrimitives.ReadUInt64BigEndian(entry[32..]);
        if (sector > (ulong)sectors || count > (ulong)sectors - sector)
        {
            ImageFormatException.Throw(
                DmgFormat.Info.Id, 0, $"a chunk has {count} sectors from {sector} on, its table {sectors}");
        }

        DmgChunk chunk = new(kind, first + (long)sector, (long)count, 0, 0);
        if (!chunk.IsStored)
        {
            return chunk;
        }

        ulong room = (ulong)(forkLength - dataOffset);
        if (offset > room || length > room - offset)
        {
            ImageFormatException.Throw(
                DmgFormat.Info.Id,
                0,
                $"the chunk of sector {chunk.Sector} has {length} bytes at {offset}, the data fork {forkLength}");
        }

        if (chunk.IsEncoded
            && (count > ChunkedSource.MaxChunkLength / SectorSize || length > ChunkedSource.MaxChunkLength))
        {
            ImageFormatException.Throw(
                DmgFormat.Info.Id, 0, $"the chunk of sector {chunk.Sector} has {count} sectors in {length} bytes");
        }

        return chunk with { StoredOffset = dataOffset + (long)offset, StoredLength = (long)length };
    }

    private static void CheckKind(DmgChunkKind kind)
    {
        switch (kind)
        {
            case DmgChunkKind.Zero or DmgChunkKind.Raw or DmgChunkKind.Ignore or DmgChunkKind.Adc or DmgChunkKind.Zlib
                or DmgChunkKind.Bzip2 or DmgChunkKind.Lzfse or DmgChunkKind.Xz:
                break;
            case DmgChunkKind.KenCode:
                UnsupportedFeatureException.Throw(DmgFormat.Info.Id, "KenCode compression");
                break;
            case DmgChunkKind.Rle:
                UnsupportedFeatureException.Throw(DmgFormat.Info.Id, "Apple's run-length encoding");
                break;
            case DmgChunkKind.Lzh:
                UnsupportedFeatureException.Throw(DmgFormat.Info.Id, "LZH compression");
                break;
            default:
                ImageFormatException.Throw(DmgFormat.Info.Id, 0, $"a chunk has the unknown kind 0x{(uint)kind:x8}");
                break;
        }
    }
}
