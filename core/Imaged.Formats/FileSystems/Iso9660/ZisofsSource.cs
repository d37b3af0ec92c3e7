using System.Buffers;
using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Iso9660;

/// <summary>The content of a file that zisofs compressed, version 1 or 2: blocks of one size, each compressed on its
/// own, found by a table of offsets; a block that takes no bytes is zero.</summary>
internal sealed class ZisofsSource : BlockSource
{
    private const int MinHeaderLength = 16;
    private const int MinBlockShift = 9;
    private const int MaxBlockShift = 20;

    private readonly BlockSource _stored;
    private readonly BlockCache _cache;
    private readonly int _owner;
    private readonly ZisofsAlgorithm _algorithm;
    private readonly int _headerLength;
    private readonly int _blockSize;
    private readonly int _pointerLength;

    private ZisofsSource(
        BlockSource stored,
        BlockCache cache,
        ZisofsAlgorithm algorithm,
        long length,
        int headerLength,
        int shift,
        int pointerLength)
    {
        _stored = stored;
        _cache = cache;
        _owner = cache.NewOwner();
        Length = length;
        _algorithm = algorithm;
        _headerLength = headerLength;
        _blockSize = 1 << shift;
        _pointerLength = pointerLength;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <summary>Opens the content of a file with a ZF entry.</summary>
    /// <param name="stored">What is stored; owned from now on.</param>
    /// <param name="file">The file.</param>
    /// <param name="cache">For blocks.</param>
    public static ZisofsSource Open(BlockSource stored, IsoNode file, BlockCache cache)
    {
        ReadOnlySpan<byte> first = [0x37, 0xE4, 0x53, 0x96, 0xC9, 0xDB, 0xD6, 0x07];
        ReadOnlySpan<byte> second = [0xEF, 0x22, 0x55, 0xA1, 0xBC, 0x1B, 0x95, 0xA0];
        Span<byte> header = stackalloc byte[24];
        header.Clear();
        _ = stored.ReadUpTo(0, header);
        bool isSecond = header[..8].SequenceEqual(second);
        if (!isSecond && !header[..8].SequenceEqual(first))
        {
            ImageFormatException.Throw(
                Iso9660FileSystem.Id, file.DataOffset, "the compressed file lacks zisofs' magic");
        }

        // The file's own header is what the data were written by; the ZF entry was copied from it.
        int headerLength = header[isSecond ? 9 : 12] * 4;
        ZisofsAlgorithm algorithm = isSecond ? (ZisofsAlgorithm)header[10] : ZisofsAlgorithm.Zlib;
        int shift = header[isSecond ? 11 : 13];
        ulong length = isSecond
            ? BinaryPrimitives.ReadUInt64LittleEndian(header[12..])
            : BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (headerLength < MinHeaderLength || shift is < MinBlockShift or > MaxBlockShift)
        {
            ImageFormatException.Throw(
                Iso9660FileSystem.Id,
                file.DataOffset,
                $"zisofs' header of {headerLength} bytes with blocks of 2^{shift}");
        }

        if (length != (ulong)file.Rock.UnpackedLength)
        {
            ImageFormatException.Throw(
                Iso9660FileSystem.Id,
                file.DataOffset,
                $"zisofs' length {length} is not {file.Rock.UnpackedLength}, as the directory says");
        }

        if (algorithm is < ZisofsAlgorithm.Zlib or > ZisofsAlgorithm.Bzip2)
        {
            UnsupportedFeatureException.Throw(Iso9660FileSystem.Id, $"zisofs' algorithm {(int)algorithm}");
        }

        return new(stored, cache, algorithm, file.Rock.UnpackedLength, headerLength, shift, isSecond ? 8 : 4);
    }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        while (!destination.IsEmpty)
        {
            long block = Math.DivRem(offset, _blockSize, out long inside);
            int length = LengthOf(block);
            int count = Math.Min(length - (int)inside, destination.Length);
            _cache.Read(_owner, block, length, (int)inside, destination[..count], this, static (source, index, bytes) =>
                source.Unpack(index, bytes));
            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        long block = Math.DivRem(offset, _blockSize, out long inside);
        ExtentKind kind = Locate(block).Length == 0 ? ExtentKind.Zero : ExtentKind.Data;
        return new(offset, LengthOf(block) - inside, kind);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _cache.Forget(_owner);
        _stored.Dispose();
    }

    private int LengthOf(long block) => (int)Math.Min(_blockSize, Length - (block * _blockSize));

    private (long Offset, int Length) Locate(long block)
    {
        Span<byte> raw = stackalloc byte[16];
        raw = raw[..(_pointerLength * 2)];
        Int128 at = _headerLength + ((Int128)block * _pointerLength);
        if (at > _stored.Length - raw.Length)
        {
            ImageFormatException.Throw(
                Iso9660FileSystem.Id, (long)at, "zisofs' table goes on behind the end of the file");
        }

        _stored.Read((long)at, raw);
        ulong begin = ReadPointer(raw);
        ulong end = ReadPointer(raw[_pointerLength..]);

        // All of them add less than a hundredth and some bytes to what they cannot compress.
        ulong most = (ulong)_blockSize * 2;
        if (end < begin || end - begin > most || end > (ulong)_stored.Length)
        {
            ImageFormatException.Throw(
                Iso9660FileSystem.Id, (long)at, $"zisofs' block from {begin} to {end} of {_stored.Length} bytes");
        }

        return ((long)begin, (int)(end - begin));
    }

    private ulong ReadPointer(ReadOnlySpan<byte> raw) => _pointerLength == 8
        ? BinaryPrimitives.ReadUInt64LittleEndian(raw)
        : BinaryPrimitives.ReadUInt32LittleEndian(raw);

    private void Unpack(long block, Span<byte> destination)
    {
        (long offset, int length) = Locate(block);
        if (length == 0)
        {
            destination.Clear();
            return;
        }

        byte[] packed = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            _stored.Read(offset, packed.AsSpan(0, length));
            int count = Decode(packed.AsSpan(0, length), destination);
            if (count != destination.Length)
            {
                ImageFormatException.Throw(
                    Iso9660FileSystem.Id,
                    offset,
                    $"zisofs' block {block} is no {_algorithm} data of {destination.Length} bytes");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(packed);
        }
    }

    private int Decode(ReadOnlySpan<byte> packed, Span<byte> destination) => _algorithm switch
    {
        ZisofsAlgorithm.Zlib => ZlibDecoder.Decode(packed, destination),
        ZisofsAlgorithm.Xz => LzmaDecoder.DecodeXz(Iso9660FileSystem.Id, packed, destination),
        ZisofsAlgorithm.Lz4 => Lz4FrameDecoder.Decode(packed, destination),
        ZisofsAlgorithm.Zstd => ZstdDecoder.Decode(Iso9660FileSystem.Id, packed, destination),
        ZisofsAlgorithm.Bzip2 => Bzip2Decoder.Decode(Iso9660FileSystem.Id, packed, destination),
        _ => throw new InvalidOperationException("unknown algorithm"),
    };
}
