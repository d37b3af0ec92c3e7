using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Apple;
using Imaged.Formats.Images.Dmg;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Ndif;

/// <summary>The resource <c>bcem</c>: where the chunks of a disk stand; big-endian. Immutable.</summary>
/// <param name="Name">Name of the disk.</param>
/// <param name="SectorCount">Sectors of 512 bytes, less than 2^24.</param>
/// <param name="Chunks">In their order.</param>
internal sealed record NdifTable(string Name, long SectorCount, DmgChunk[] Chunks)
{
    private const int HeaderLength = 128;
    private const int EntryLength = 12;
    private const int NameOffset = 4;
    private const int MaxNameLength = 63;
    private const int SectorLength = 512;
    private const byte End = 0xff;
    private const uint MaxSectors = 1 << 24;

    /// <summary>The type of the resource.</summary>
    public static ReadOnlySpan<byte> ResourceType => "bcem"u8;

    /// <summary>Parses the table.</summary>
    /// <param name="raw">The resource.</param>
    /// <param name="forkLength">Bytes of the data fork.</param>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">A method that is not known, encryption, or several
    /// files.</exception>
    public static NdifTable Parse(ReadOnlySpan<byte> raw, long forkLength)
    {
        if (raw.Length < HeaderLength || raw[NameOffset] > MaxNameLength)
        {
            ImageFormatException.Throw(NdifFormat.Id, 0, $"the table of chunks has {raw.Length} bytes");
        }

        uint sectors = BinaryPrimitives.ReadUInt32BigEndian(raw[68..]);
        uint dataOffset = BinaryPrimitives.ReadUInt32BigEndian(raw[76..]);
        uint count = BinaryPrimitives.ReadUInt32BigEndian(raw[124..]);
        if (sectors is 0 or >= MaxSectors || count is 0 || count > (raw.Length - HeaderLength) / EntryLength)
        {
            ImageFormatException.Throw(NdifFormat.Id, 68, $"a disk of {sectors} sectors has {count} chunks");
        }

        if (BinaryPrimitives.ReadUInt32BigEndian(raw[84..]) != 0)
        {
            UnsupportedFeatureException.Throw(NdifFormat.Id, "an image in several files");
        }

        if (BinaryPrimitives.ReadUInt32BigEndian(raw[116..]) != 0)
        {
            UnsupportedFeatureException.Throw(NdifFormat.Id, "encryption");
        }

        List<DmgChunk> chunks = [];
        ReadOnlySpan<byte> entries = raw.Slice(HeaderLength, (int)count * EntryLength);
        for (int at = 0; at < entries.Length && entries[at + 3] != End; at += EntryLength)
        {
            ReadOnlySpan<byte> entry = entries[at..];
            long next = entry.Length >= 2 * EntryLength ? SectorOf(entry[EntryLength..]) : sectors;
            if (ParseChunk(entry, Math.Min(next, sectors), dataOffset, forkLength) is { } chunk)
            {
                chunks.Add(chunk);
            }
        }

        return new(MacRoman.Decode(raw.Slice(NameOffset + 1, raw[NameOffset])), sectors, [.. chunks]);
    }

    private static long SectorOf(ReadOnlySpan<byte> entry) => BinaryPrimitives.ReadUInt32BigEndian(entry) >> 8;

    // Null when it has no sectors: it ends where the next one begins.
    private static DmgChunk? ParseChunk(ReadOnlySpan<byte> entry, long next, uint dataOffset, long forkLength)
    {
        long sector = SectorOf(entry);
        long sectors = next - sector;
        if (sectors < 0)
        {
            ImageFormatException.Throw(
                NdifFormat.Id, HeaderLength, $"a chunk begins at sector {sector}, the next one at {next}");
        }

        DmgChunkKind kind = KindOf(entry[3]);
        if (sectors == 0 || kind == DmgChunkKind.Zero)
        {
            return sectors == 0 ? null : new DmgChunk(kind, sector, sectors, 0, 0);
        }

        long offset = dataOffset + (long)BinaryPrimitives.ReadUInt32BigEndian(entry[4..]);
        long length = BinaryPrimitives.ReadUInt32BigEndian(entry[8..]);
        if (offset > forkLength - length || (kind != DmgChunkKind.Raw
            && (length > ChunkedSource.MaxChunkLength || sectors > ChunkedSource.MaxChunkLength / SectorLength)))
        {
            ImageFormatException.Throw(
                NdifFormat.Id,
                HeaderLength,
                $"the chunk of {sectors} sectors from {sector} on has {length} bytes at {offset} of {forkLength}");
        }

        return new DmgChunk(kind, sector, sectors, offset, length);
    }

    private static DmgChunkKind KindOf(byte type) => type switch
    {
        0 => DmgChunkKind.Zero,
        2 => DmgChunkKind.Raw,
        0x80 => throw new UnsupportedFeatureException(NdifFormat.Id, "KenCode compression"),
        0x81 => throw new UnsupportedFeatureException(NdifFormat.Id, "Apple's run-length encoding"),
        0x82 => throw new UnsupportedFeatureException(NdifFormat.Id, "LZH compression"),
        0x83 => DmgChunkKind.Adc,
        0xf0 => throw new UnsupportedFeatureException(NdifFormat.Id, "StuffIt compression"),
        _ => throw new UnsupportedFeatureException(NdifFormat.Id, $"a chunk of type 0x{type:x2}"),
    };
}
