using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.AndroidSparse;

/// <summary>Sparse images of Android's fastboot, version 1 (libsparse's <c>sparse_format.h</c>). Numbers are little
/// endian.</summary>
internal sealed class AndroidSparseFormat : IImageFormat
{
    private const int HeaderLength = 28;
    private const int ChunkHeaderLength = 12;
    private const uint MaxBlock = 64 << 20;
    private const uint MaxChunks = 4 << 20;

    // Longest header that is skipped; libsparse's own are 28 and 12 bytes.
    private const int MaxHeaderLength = 4096;

    private const ushort RawChunk = 0xcac1;
    private const ushort FillChunk = 0xcac2;
    private const ushort SkipChunk = 0xcac3;
    private const ushort ChecksumChunk = 0xcac4;

    public static FormatInfo Info { get; } =
        new("androidsparse", "Android sparse image", [".simg", ".img"], FormatCaps.Read);

    public static Match Probe(ProbeWindow window) =>
        window.Has(0, [0x3a, 0xff, 0x26, 0xed, 1, 0]) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource file = opener.Content;
        Span<byte> raw = stackalloc byte[HeaderLength];
        if (file.ReadUpTo(0, raw) < HeaderLength || !raw.StartsWith((ReadOnlySpan<byte>)[0x3a, 0xff, 0x26, 0xed]))
        {
            Throw(0, "there is no header");
        }

        ushort major = BinaryPrimitives.ReadUInt16LittleEndian(raw[4..]);
        int headerLength = BinaryPrimitives.ReadUInt16LittleEndian(raw[8..]);
        int chunkHeaderLength = BinaryPrimitives.ReadUInt16LittleEndian(raw[10..]);
        uint block = BinaryPrimitives.ReadUInt32LittleEndian(raw[12..]);
        uint blocks = BinaryPrimitives.ReadUInt32LittleEndian(raw[16..]);
        uint chunks = BinaryPrimitives.ReadUInt32LittleEndian(raw[20..]);
        if (major != 1)
        {
            throw new UnsupportedFeatureException(Info.Id, $"version {major}");
        }

        if (headerLength is < HeaderLength or > MaxHeaderLength
            || chunkHeaderLength is < ChunkHeaderLength or > MaxHeaderLength)
        {
            Throw(8, $"headers of {headerLength} and {chunkHeaderLength} bytes are too short or too long");
        }

        if (block is < 4 or > MaxBlock || block % 4 != 0)
        {
            Throw(12, $"the block size {block} is no multiple of 4 up to {MaxBlock}");
        }

        if (chunks > MaxChunks || chunks > (ulong)file.Length / (ulong)chunkHeaderLength)
        {
            Throw(20, $"the file has no place for {chunks} chunks");
        }

        long length = blocks * (long)block;
        List<Chunk> map = ReadChunks(file, headerLength, chunkHeaderLength, block, length, chunks);
        return new DiskImage(Info, new AndroidSparseSource(map, length, opener.Cache))
        {
            Details = [new("Block size", $"{block}"), new("Chunks", $"{chunks}")],
        };
    }

    /// <summary>Throws an <see cref="ImageFormatException"/> of this format.</summary>
    [DoesNotReturn]
    public static void Throw(long offset, string message) => ImageFormatException.Throw(Info.Id, offset, message);

    private static List<Chunk> ReadChunks(
        BlockSource file, int headerLength, int chunkHeaderLength, uint block, long length, uint count)
    {
        List<Chunk> map = [];
        long at = headerLength;
        long offset = 0;
        Span<byte> raw = stackalloc byte[ChunkHeaderLength];
        for (uint i = 0; i < count; i++)
        {
            if (at > file.Length - chunkHeaderLength)
            {
                Throw(at, $"the file ends before chunk {i} of {count}");
            }

            file.Read(at, raw);
            ushort type = BinaryPrimitives.ReadUInt16LittleEndian(raw);
            long covered = BinaryPrimitives.ReadUInt32LittleEndian(raw[4..]) * (long)block;
            long stored = BinaryPrimitives.ReadUInt32LittleEndian(raw[8..]) - (long)chunkHeaderLength;
            long data = at + chunkHeaderLength;
            if (stored < 0 || stored > file.Length - data || (type != ChecksumChunk && covered > length - offset))
            {
                Throw(at, $"the chunk of {stored} bytes for {covered} leaves the file or the image");
            }

            if (Describe(file, type, offset, covered, data, stored) is { } chunk)
            {
                map.Add(chunk);
                offset += covered;
            }

            at = data + stored;
        }

        // Images that were cut up to be sent in pieces leave the end away.
        if (offset < length)
        {
            map.Add(Chunk.Unallocated(offset, length - offset));
        }

        return map;
    }

    private static Chunk? Describe(BlockSource file, ushort type, long offset, long covered, long data, long stored)
    {
        long expected = type switch
        {
            RawChunk => covered,
            FillChunk or ChecksumChunk => 4,
            SkipChunk => 0,
            _ => throw new UnsupportedFeatureException(Info.Id, $"a chunk of the type {type:x4}"),
        };
        if (stored != expected)
        {
            Throw(data, $"a chunk of the type {type:x4} has {stored} bytes, not {expected}");
        }

        if (covered == 0 || type == ChecksumChunk)
        {
            return null;
        }

        if (type != FillChunk)
        {
            return type == RawChunk ? Chunk.Verbatim(offset, covered, file, data) : Chunk.Unallocated(offset, covered);
        }

        Span<byte> pattern = stackalloc byte[4];
        file.Read(data, pattern);
        uint value = BinaryPrimitives.ReadUInt32LittleEndian(pattern);
        return value == 0
            ? Chunk.Zero(offset, covered)
            : Chunk.Verbatim(offset, covered, new FillSource(value, covered), 0);
    }
}
