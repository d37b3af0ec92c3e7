using System.Buffers;
using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.SquashFs;

/// <summary>The content of a file: blocks one behind the other, whose stored sizes are listed behind the inode, and an
/// end that may be a part of a fragment block. The list is read when the file is opened.</summary>
internal sealed class SquashFsFileSource : BlockSource
{
    // 4 bytes each are kept: 64 MiB for a file of 2 TiB in blocks of 128 KiB.
    private const long MaxBlocks = 1 << 24;

    // Blocks to a chunk of the list; the place of a chunk's first block is kept.
    private const int ChunkBlocks = 1024;

    // How far equal blocks are looked for.
    private const int MaxMerged = 4096;

    private readonly SquashFsVolume _volume;
    private readonly List<uint[]> _sizes = [];
    private readonly List<long> _starts = [];
    private readonly long _blocks;
    private readonly long _fragmentStart;
    private readonly uint _fragmentSize;
    private readonly uint _fragmentOffset;

    public SquashFsFileSource(SquashFsVolume volume, SquashFsInode inode)
    {
        _volume = volume;
        Length = inode.Size;
        bool hasFragment = inode.Fragment != SquashFsInode.NoFragment;
        _blocks = (inode.Size / volume.BlockSize) + (hasFragment || inode.Size % volume.BlockSize == 0 ? 0 : 1);
        if (_blocks > MaxBlocks)
        {
            UnsupportedFeatureException.Throw(SquashFsFileSystem.Id, $"a file of {_blocks} blocks (above {MaxBlocks})");
        }

        ReadSizes(inode);
        if (hasFragment)
        {
            (_fragmentStart, _fragmentSize) = ReadFragment(inode.Fragment);
            _fragmentOffset = inode.Offset;
            if (_fragmentOffset >= volume.BlockSize)
            {
                ImageFormatException.Throw(
                    SquashFsFileSystem.Id,
                    inode.Behind.Block,
                    $"a fragment begins at byte {_fragmentOffset} of a block");
            }
        }
    }

    public override long Length { get; }

    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        if (destination.IsEmpty)
        {
            return;
        }

        long block = offset / _volume.BlockSize;
        int inside = (int)(offset % _volume.BlockSize);
        long start = block < _blocks ? StartOf(block) : 0;
        while (!destination.IsEmpty)
        {
            int count = Math.Min(LengthOf(block) - inside, destination.Length);
            if (block < _blocks)
            {
                uint size = SizeOf(block);
                ReadBlock(start, size, inside, destination[..count]);
                start += size & ~SquashFsVolume.Stored;
            }
            else
            {
                ReadBlock(_fragmentStart, _fragmentSize, (int)_fragmentOffset + inside, destination[..count]);
            }

            destination = destination[count..];
            inside = 0;
            block++;
        }
    }

    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        long block = offset / _volume.BlockSize;
        int inside = (int)(offset % _volume.BlockSize);
        bool listed = block < _blocks;
        uint size = listed ? SizeOf(block) : _fragmentSize;
        long start = listed ? StartOf(block) : _fragmentStart + _fragmentOffset;
        long end = (block * _volume.BlockSize) + LengthOf(block);
        if (listed)
        {
            end = EndOfRun(block, size);
        }

        if (size == 0 && listed)
        {
            return new(offset, end - offset, ExtentKind.Zero);
        }

        if ((size & SquashFsVolume.Stored) == 0)
        {
            return new(offset, end - offset, ExtentKind.Data);
        }

        _volume.CheckRange(start + inside, 1);
        Extent stored = _volume.Source.GetExtent(start + inside);
        return stored with { Offset = offset, Length = Math.Min(stored.Length, end - offset) };
    }

    // Blocks of zeros, compressed blocks, and whole blocks that are stored as they are merge with their like.
    private long EndOfRun(long block, uint size)
    {
        long end = block + 1;
        bool stored = (size & SquashFsVolume.Stored) != 0;
        for (; end < _blocks && end - block < MaxMerged; end++)
        {
            uint next = SizeOf(end);
            if ((size == 0) != (next == 0) || stored != ((next & SquashFsVolume.Stored) != 0))
            {
                break;
            }

            if (stored && (SizeOf(end - 1) & ~SquashFsVolume.Stored) != _volume.BlockSize)
            {
                break;
            }
        }

        return Math.Min(end * _volume.BlockSize, Length);
    }

    private void ReadBlock(long start, uint size, int inside, Span<byte> destination)
    {
        if (size == 0)
        {
            destination.Clear();
        }
        else if ((size & SquashFsVolume.Stored) == 0)
        {
            _volume.ReadData(start, size, inside, destination);
        }
        else
        {
            if (inside > (size & ~SquashFsVolume.Stored) - destination.Length)
            {
                ImageFormatException.Throw(
                    SquashFsFileSystem.Id,
                    start,
                    $"a block holds {size & ~SquashFsVolume.Stored} bytes, {inside + destination.Length} are needed");
            }

            _volume.ReadRaw(start + inside, destination);
        }
    }

    private void ReadSizes(SquashFsInode inode)
    {
        SquashFsCursor cursor = inode.Behind;
        long start = inode.Start;
        byte[] raw = ArrayPool<byte>.Shared.Rent(ChunkBlocks * 4);
        try
        {
            for (long block = 0; block < _blocks; block += ChunkBlocks)
            {
                uint[] sizes = new uint[Math.Min(ChunkBlocks, _blocks - block)];
                Span<byte> bytes = raw.AsSpan(0, sizes.Length * 4);
                _volume.ReadMetadata(ref cursor, bytes);
                _sizes.Add(sizes);
                _starts.Add(start);
                for (int i = 0; i < sizes.Length; i++)
                {
                    sizes[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(i * 4)..]);
                    uint stored = sizes[i] & ~SquashFsVolume.Stored;
                    if (stored > _volume.BlockSize || start < 0 || start > _volume.Superblock.BytesUsed - stored)
                    {
                        ImageFormatException.Throw(
                            SquashFsFileSystem.Id,
                            cursor.Block,
                            $"block {block + i} of a file has {stored} bytes at {start}, not inside the volume");
                    }

                    start += stored;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(raw);
        }
    }

    private (long Start, uint Size) ReadFragment(uint index)
    {
        SquashFsSuperblock superblock = _volume.Superblock;
        if (index >= superblock.Fragments)
        {
            ImageFormatException.Throw(
                SquashFsFileSystem.Id, 16, $"fragment {index} is outside {superblock.Fragments} fragments");
        }

        _volume.CheckRange(superblock.FragmentTable, 8);
        Span<byte> entry = stackalloc byte[16];
        _volume.ReadTable(superblock.FragmentTable, index, entry);
        long start = BinaryPrimitives.ReadInt64LittleEndian(entry);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]);
        uint stored = size & ~SquashFsVolume.Stored;
        if (stored == 0 || stored > _volume.BlockSize)
        {
            ImageFormatException.Throw(
                SquashFsFileSystem.Id, superblock.FragmentTable, $"fragment block {index} has {stored} bytes");
        }

        _volume.CheckRange(start, stored);
        return (start, size);
    }

    // Decoded length of a block; of the fragment that of the file's end.
    private int LengthOf(long block) => (int)Math.Min(_volume.BlockSize, Length - (block * _volume.BlockSize));

    private uint SizeOf(long block) => _sizes[(int)(block / ChunkBlocks)][block % ChunkBlocks];

    private long StartOf(long block)
    {
        int chunk = (int)(block / ChunkBlocks);
        long start = _starts[chunk];
        foreach (uint size in _sizes[chunk].AsSpan(0, (int)(block % ChunkBlocks)))
        {
            start += size & ~SquashFsVolume.Stored;
        }

        return start;
    }
}
