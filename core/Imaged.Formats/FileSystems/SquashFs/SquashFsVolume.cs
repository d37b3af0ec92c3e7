using System.Buffers;
using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.SquashFs;

/// <summary>A place in metadata: a block on disk and a byte in it when decoded. Reading moves it on, into the blocks
/// behind.</summary>
/// <param name="Block">Byte offset of the block in the volume.</param>
/// <param name="Offset">Byte offset in the decoded block.</param>
internal record struct SquashFsCursor(long Block, int Offset);

/// <summary>Decoded blocks of a volume, all kept in the shared cache.</summary>
internal sealed class SquashFsVolume : IDisposable
{
    // Of a data block's size: stored as it is. 0 as a whole is a block of zeros.
    public const uint Stored = 1 << 24;

    private const int MetadataStored = 0x8000;

    // Before the decoded bytes in the cache: their number, and for metadata the bytes on disk.
    private const int Prefix = 8;

    private readonly BlockCache _cache;
    private readonly int _metadataOwner;
    private readonly int _dataOwner;

    public SquashFsVolume(BlockSource source, SquashFsSuperblock superblock, BlockCache cache)
    {
        superblock.Check(source.Length);
        Source = source;
        Superblock = superblock;
        _cache = cache;
        _metadataOwner = cache.NewOwner();
        _dataOwner = cache.NewOwner();
    }

    public BlockSource Source { get; }

    public SquashFsSuperblock Superblock { get; }

    public int BlockSize => Superblock.BlockSize;

    public void Dispose()
    {
        _cache.Forget(_metadataOwner);
        _cache.Forget(_dataOwner);
    }

    /// <summary>Reads metadata and moves the cursor behind it.</summary>
    public void ReadMetadata(ref SquashFsCursor cursor, Span<byte> destination)
    {
        Span<byte> prefix = stackalloc byte[Prefix];
        while (!destination.IsEmpty)
        {
            ReadMetadataBlock(cursor.Block, 0, prefix);
            int length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
            if (cursor.Offset > length)
            {
                ImageFormatException.Throw(
                    SquashFsFileSystem.Id, cursor.Block, $"byte {cursor.Offset} of a metadata block of {length} bytes");
            }

            int count = Math.Min(length - cursor.Offset, destination.Length);
            ReadMetadataBlock(cursor.Block, Prefix + cursor.Offset, destination[..count]);
            destination = destination[count..];
            cursor.Offset += count;
            if (cursor.Offset == length && !destination.IsEmpty)
            {
                cursor = new(cursor.Block + BinaryPrimitives.ReadInt32LittleEndian(prefix[4..]), 0);
            }
        }
    }

    /// <summary>Moves the cursor without copying.</summary>
    public void SkipMetadata(ref SquashFsCursor cursor, long count)
    {
        Span<byte> prefix = stackalloc byte[Prefix];
        while (count > 0)
        {
            ReadMetadataBlock(cursor.Block, 0, prefix);
            int length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
            int part = (int)Math.Min(Math.Max(0, length - cursor.Offset), count);
            count -= part;
            cursor.Offset += part;
            if (count > 0)
            {
                cursor = new(cursor.Block + BinaryPrimitives.ReadInt32LittleEndian(prefix[4..]), 0);
            }
        }
    }

    /// <summary>Reads an entry of a table whose metadata blocks are listed as 64-bit offsets.</summary>
    /// <param name="table">Byte offset of the list.</param>
    /// <param name="index">Number of the entry.</param>
    /// <param name="destination">The entry; its length divides that of a metadata block.</param>
    public void ReadTable(long table, long index, Span<byte> destination)
    {
        long perBlock = SquashFsSuperblock.MetadataLength / destination.Length;
        Span<byte> pointer = stackalloc byte[8];
        ReadRaw(table + (index / perBlock * 8), pointer);
        SquashFsCursor cursor = new(
            BinaryPrimitives.ReadInt64LittleEndian(pointer), (int)(index % perBlock) * destination.Length);
        ReadMetadata(ref cursor, destination);
    }

    /// <summary>Reads bytes of the volume as they are.</summary>
    public void ReadRaw(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        Source.Read(offset, destination);
    }

    /// <summary>Throws unless the bytes are inside the part of the volume that is in use.</summary>
    public void CheckRange(long offset, long count)
    {
        if (offset < SquashFsSuperblock.Length || offset > Superblock.BytesUsed - count)
        {
            ImageFormatException.Throw(
                SquashFsFileSystem.Id,
                Math.Max(0, offset),
                $"{count} bytes at {offset} are outside the {Superblock.BytesUsed} bytes in use");
        }
    }

    /// <summary>Copies a part of a compressed data or fragment block.</summary>
    /// <param name="offset">Byte offset of the block in the volume.</param>
    /// <param name="size">Its length there.</param>
    /// <param name="inside">Byte offset in the decoded block.</param>
    /// <param name="destination">Where to.</param>
    public void ReadData(long offset, uint size, int inside, Span<byte> destination)
    {
        if (size == 0 || size > BlockSize)
        {
            ImageFormatException.Throw(
                SquashFsFileSystem.Id, offset, $"a compressed block of {size} bytes is outside 1..{BlockSize}");
        }

        CheckRange(offset, size);
        Span<byte> prefix = stackalloc byte[Prefix];
        (SquashFsVolume, uint) state = (this, size);
        int length = Prefix + BlockSize;
        _cache.Read(_dataOwner, offset, length, 0, prefix, state, FillData);
        int decoded = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        if (inside > decoded - destination.Length)
        {
            ImageFormatException.Throw(
                SquashFsFileSystem.Id,
                offset,
                $"a block holds {decoded} bytes, {inside + destination.Length} are needed");
        }

        _cache.Read(_dataOwner, offset, length, Prefix + inside, destination, state, FillData);
    }

    private static void FillData((SquashFsVolume Volume, uint Size) state, long offset, Span<byte> block)
    {
        int decoded = state.Volume.Decode(offset, (int)state.Size, block[Prefix..]);
        BinaryPrimitives.WriteInt32LittleEndian(block, decoded);
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], (int)state.Size);
        block[(Prefix + decoded)..].Clear();
    }

    private void ReadMetadataBlock(long block, int offset, Span<byte> destination)
    {
        CheckRange(block, 2);
        _cache.Read(
            _metadataOwner,
            block,
            Prefix + SquashFsSuperblock.MetadataLength,
            offset,
            destination,
            this,
            static (volume, at, bytes) => volume.FillMetadata(at, bytes));
    }

    private void FillMetadata(long offset, Span<byte> block)
    {
        Span<byte> header = stackalloc byte[2];
        Source.Read(offset, header);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(header);
        bool stored = (size & MetadataStored) != 0;
        size &= MetadataStored - 1;
        if (size == 0 || size > SquashFsSuperblock.MetadataLength)
        {
            ImageFormatException.Throw(
                SquashFsFileSystem.Id,
                offset,
                $"a metadata block of {size} bytes is outside 1..{SquashFsSuperblock.MetadataLength}");
        }

        CheckRange(offset + 2, size);
        int decoded = size;
        if (stored)
        {
            Source.Read(offset + 2, block.Slice(Prefix, size));
        }
        else
        {
            decoded = Decode(offset + 2, size, block[Prefix..]);
        }

        BinaryPrimitives.WriteInt32LittleEndian(block, decoded);
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], size + 2);
        block[(Prefix + decoded)..].Clear();
    }

    private int Decode(long offset, int size, Span<byte> destination)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            Span<byte> source = buffer.AsSpan(0, size);
            Source.Read(offset, source);
            int count = Superblock.Compression switch
            {
                SquashFsCompression.Gzip => ZlibDecoder.Decode(source, destination),
                SquashFsCompression.Lzma => LzmaDecoder.DecodeAlone(SquashFsFileSystem.Id, source, destination),
                SquashFsCompression.Xz => LzmaDecoder.DecodeXz(SquashFsFileSystem.Id, source, destination),
                SquashFsCompression.Lz4 => Lz4Decoder.Decode(source, destination),
                SquashFsCompression.Zstd => ZstdDecoder.Decode(SquashFsFileSystem.Id, source, destination),
                _ => -1,
            };
            if (count <= 0)
            {
                ImageFormatException.Throw(
                    SquashFsFileSystem.Id,
                    offset,
                    $"a block of {size} bytes is no {Superblock.Compression} data of 1..{destination.Length} bytes");
            }

            return count;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
