using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Apfs;

/// <summary>The blocks of a container. Thread-safe.</summary>
internal sealed class ApfsBlocks : IDisposable
{
    /// <summary>Bytes of the header of an object: checksum, id, transaction, type, subtype.</summary>
    public const int HeaderLength = 32;

    private readonly BlockCache _cache;
    private readonly int _owner;

    /// <summary>Does not own the source.</summary>
    /// <param name="source">The container.</param>
    /// <param name="blockSize">Bytes of a block: a power of two from 4096 to 65536.</param>
    /// <param name="cache">For objects.</param>
    public ApfsBlocks(BlockSource source, int blockSize, BlockCache cache)
    {
        Source = source;
        BlockSize = blockSize;
        _cache = cache;
        _owner = cache.NewOwner();
    }

    /// <summary>The container.</summary>
    public BlockSource Source { get; }

    /// <summary>Bytes of a block.</summary>
    public int BlockSize { get; }

    /// <summary>Whole blocks that are there.</summary>
    public long Count => Source.Length / BlockSize;

    /// <summary>The transaction of an object.</summary>
    public static ulong Transaction(ReadOnlySpan<byte> raw) => BinaryPrimitives.ReadUInt64LittleEndian(raw[16..]);

    /// <summary>The kind of an object, without flags.</summary>
    public static int Kind(ReadOnlySpan<byte> raw) => BinaryPrimitives.ReadUInt16LittleEndian(raw[24..]);

    /// <summary>Reads an object, whose checksum is verified.</summary>
    /// <exception cref="ImageFormatException">It is not there, or damaged.</exception>
    public byte[] ReadObject(ulong address)
    {
        if (address >= (ulong)Count)
        {
            ImageFormatException.Throw(ApfsFileSystem.Id, 0, $"there is no block {address}");
        }

        byte[] bytes = new byte[BlockSize];
        _cache.Read(_owner, (long)address, BlockSize, 0, bytes, this, static (blocks, block, destination) =>
        {
            long offset = block * blocks.BlockSize;
            blocks.Source.Read(offset, destination);
            if (!ApfsChecksum.IsValid(destination))
            {
                ImageFormatException.Throw(ApfsFileSystem.Id, offset, $"the checksum of block {block} is wrong");
            }
        });
        return bytes;
    }

    /// <inheritdoc/>
    public void Dispose() => _cache.Forget(_owner);
}
