using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Partclone;

/// <summary>Which blocks are used, and how many of them stand before a block. The bitmap itself stays in the file: only
/// the count before each page of it is kept.</summary>
internal sealed class PartcloneBitmap : IDisposable
{
    private const int PageLength = 1024;
    private const int ReadLength = 1 << 20;
    private const long MaxLength = 4L << 30;
    private const int CachedLength = 32 << 10;

    private readonly CachedSource _pages;
    private readonly PartcloneHeader _header;

    // Used blocks before each page; one entry more for the end.
    private readonly long[] _before;

    private PartcloneBitmap(CachedSource pages, PartcloneHeader header, long[] before)
    {
        _pages = pages;
        _header = header;
        _before = before;
    }

    /// <summary>Blocks that are used.</summary>
    public long UsedCount => _header.Bitmap == PartcloneBitmapKind.None ? _header.BlockCount : _before[^1];

    private static ReadOnlySpan<byte> EndMagic => "BiTmAgIc"u8;

    private int BlocksPerPage => PageLength * (_header.Bitmap == PartcloneBitmapKind.Bits ? 8 : 1);

    /// <summary>Reads the whole bitmap once and checks what ends it.</summary>
    /// <exception cref="ImageFormatException">It is damaged or cut off.</exception>
    /// <exception cref="UnsupportedFeatureException">It is longer than any real one.</exception>
    public static PartcloneBitmap Read(BlockSource file, PartcloneHeader header, BlockCache cache)
    {
        long length = LengthOf(header);
        if (length > MaxLength)
        {
            UnsupportedFeatureException.Throw(PartcloneFormat.Info.Id, $"a bitmap of {length} bytes");
        }

        long end = DataOffsetOf(header);
        if (end > file.Length)
        {
            PartcloneFormat.Throw(
                header.BitmapOffset,
                $"the bitmap of {header.BlockCount} blocks is not inside the file: it was cut off");
        }

        long[] before = [];
        if (header.Bitmap != PartcloneBitmapKind.None)
        {
            before = Count(file, header, length, out uint crc);
            CheckEnd(file, header, end, crc);
        }

        return new(new CachedSource(file, cache, CachedLength), header, before);
    }

    /// <summary>Byte offset behind the bitmap and what ends it.</summary>
    public static long DataOffsetOf(PartcloneHeader header) => header.BitmapOffset + LengthOf(header)
        + header.Bitmap switch
        {
            PartcloneBitmapKind.None => 0,
            PartcloneBitmapKind.Bits => sizeof(uint),
            _ => EndMagic.Length,
        };

    /// <summary>The CRC-32 of partclone: the usual one, but not inverted at the end.</summary>
    public static uint CrcOf(ReadOnlySpan<byte> bytes) => ~Crc32.HashToUInt32(bytes);

    /// <summary>The blocks from this one on that are alike, as far as they are on one page.</summary>
    /// <param name="block">Number of a block of the file system.</param>
    /// <param name="before">How many used ones stand before it.</param>
    public BitRun FindRun(long block, out long before)
    {
        if (_header.Bitmap == PartcloneBitmapKind.None)
        {
            before = block;
            return new(true, (int)Math.Min(_header.BlockCount - block, int.MaxValue));
        }

        long page = block / BlocksPerPage;
        int inside = (int)(block % BlocksPerPage);
        int count = (int)Math.Min(BlocksPerPage, _header.BlockCount - (page * BlocksPerPage));
        Span<byte> bytes = stackalloc byte[PageLength];
        bytes = bytes[..(int)Math.Min(PageLength, LengthOf(_header) - (page * PageLength))];
        _pages.Read(_header.BitmapOffset + (page * PageLength), bytes);
        BitRun run;
        if (_header.Bitmap == PartcloneBitmapKind.Bits)
        {
            before = _before[page] + BitRun.CountSet(bytes, inside);
            run = BitRun.Find(bytes, inside, highestFirst: false);
        }
        else
        {
            before = _before[page] + bytes[..inside].Count((byte)1);
            bool isUsed = bytes[inside] == 1;
            int length = isUsed ? bytes[inside..].IndexOfAnyExcept((byte)1) : bytes[inside..].IndexOf((byte)1);
            run = new(isUsed, length < 0 ? count - inside : length);
        }

        // Behind the last block a byte may have bits of no meaning.
        return run with { Length = Math.Min(run.Length, count - inside) };
    }

    /// <inheritdoc/>
    public void Dispose() => _pages.Dispose();

    private static long LengthOf(PartcloneHeader header) => header.Bitmap switch
    {
        PartcloneBitmapKind.None => 0,
        PartcloneBitmapKind.Bits => (header.BlockCount + 7) / 8,
        _ => header.BlockCount,
    };

    private static long[] Count(BlockSource file, PartcloneHeader header, long length, out uint crc)
    {
        long[] before = new long[((length + PageLength - 1) / PageLength) + 1];
        Crc32 hash = new();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ReadLength);
        try
        {
            int page = 0;
            for (long offset = 0; offset < length; offset += ReadLength)
            {
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(ReadLength, length - offset));
                file.Read(header.BitmapOffset + offset, part);
                hash.Append(part);
                for (int i = 0; i < part.Length; i += PageLength, page++)
                {
                    Span<byte> bytes = part[i..Math.Min(i + PageLength, part.Length)];
                    long left = header.BlockCount - ((offset + i) * 8);
                    before[page + 1] = before[page] + (header.Bitmap == PartcloneBitmapKind.Bits
                        ? BitRun.CountSet(bytes, (int)Math.Min(bytes.Length * 8, left))
                        : bytes.Count((byte)1));
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        crc = ~hash.GetCurrentHashAsUInt32();
        return before;
    }

    private static void CheckEnd(BlockSource file, PartcloneHeader header, long end, uint crc)
    {
        Span<byte> raw = stackalloc byte[EndMagic.Length];
        raw = raw[..(header.Bitmap == PartcloneBitmapKind.Bits ? sizeof(uint) : EndMagic.Length)];
        file.Read(end - raw.Length, raw);
        if (header.Bitmap == PartcloneBitmapKind.Bits && BinaryPrimitives.ReadUInt32LittleEndian(raw) != crc)
        {
            PartcloneFormat.Throw(end - raw.Length, "the bitmap is damaged: its CRC is wrong");
        }

        if (header.Bitmap == PartcloneBitmapKind.Bytes && !raw.SequenceEqual(EndMagic))
        {
            PartcloneFormat.Throw(end - raw.Length, "the bitmap is damaged: its end is not where it should be");
        }
    }
}
