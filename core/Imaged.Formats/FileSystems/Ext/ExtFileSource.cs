using Imaged.Blocks;

namespace Imaged.Formats.Ext;

/// <summary>The content of a file that is stored in blocks.</summary>
internal sealed class ExtFileSource : BlockSource
{
    private readonly ExtVolume _volume;
    private readonly ExtBlockMap _map;
    private readonly uint _inode;

    public ExtFileSource(ExtVolume volume, ExtBlockMap map, uint inode, long length)
    {
        _volume = volume;
        _map = map;
        _inode = inode;
        Length = length;
    }

    public override long Length { get; }

    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        while (!destination.IsEmpty)
        {
            int inside = (int)(offset & (_volume.BlockSize - 1));
            long blocks = ((long)inside + destination.Length + _volume.BlockSize - 1) >> _volume.BlockShift;
            ExtRun run = _map.Find(offset >> _volume.BlockShift, blocks);
            int count = (int)Math.Min((run.Count << _volume.BlockShift) - inside, destination.Length);
            if (run.IsZero)
            {
                destination[..count].Clear();
            }
            else
            {
                _volume.Source.Read(_volume.OffsetOf(run.Physical, run.Count, _inode) + inside, destination[..count]);
            }

            destination = destination[count..];
            offset += count;
        }
    }

    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        int inside = (int)(offset & (_volume.BlockSize - 1));
        long block = offset >> _volume.BlockShift;
        long last = (Length - 1) >> _volume.BlockShift;
        ExtRun run = _map.Find(block, last - block + 1);
        // Subtracted before it is added: the last block may reach behind 2^63 - 1.
        long length = block + run.Count > last ? Length - offset : (run.Count << _volume.BlockShift) - inside;
        if (run.IsZero)
        {
            return new(offset, length, ExtentKind.Zero);
        }

        Extent stored = _volume.Source.GetExtent(_volume.OffsetOf(run.Physical, run.Count, _inode) + inside);
        return stored with { Offset = offset, Length = Math.Min(stored.Length, length) };
    }
}
