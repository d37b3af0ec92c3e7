using Imaged.Blocks;
using Xunit;

namespace Imaged.UnitTests.Backup;

/// <summary>A disk in memory, full of 0xEE, which remembers what was done to it.</summary>
internal sealed class Medium : BlockTarget
{
    private readonly object _lock = new();
    private bool _isFlushed;

    public Medium(int length)
    {
        Bytes = new byte[length];
        Bytes.AsSpan().Fill(0xEE);
    }

    public byte[] Bytes { get; }

    public int FlippedAt { get; init; } = -1;

    public List<BlockRange> Writes { get; } = [];

    public List<BlockRange> Discards { get; } = [];

    /// <summary>Called before each write with its offset; what it throws is the disk's fault.</summary>
    public Action<long>? Writing { get; init; }

    public bool IsFlushedBeforeHead { get; private set; }

    public override long Length => Bytes.Length;

    public override int Alignment => 4096;

    public override void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        Writing?.Invoke(offset);
        lock (_lock)
        {
            Assert.Equal(0, offset % (bytes.Length < Alignment ? 1 : Alignment));
            IsFlushedBeforeHead = offset == 0 && _isFlushed;
            _isFlushed = false;
            Writes.Add(new(offset, bytes.Length));
            bytes.CopyTo(Bytes.AsSpan((int)offset));
        }
    }

    public override void WriteZeros(long offset, long length)
    {
        lock (_lock)
        {
            _isFlushed = false;
            Bytes.AsSpan((int)offset, (int)length).Clear();
        }
    }

    public override void Discard(long offset, long length) => Discards.Add(new(offset, length));

    public override void Flush() => _isFlushed = true;

    public override BlockSource OpenRead()
    {
        byte[] kept = [.. Bytes];
        if (FlippedAt >= 0)
        {
            kept[FlippedAt] ^= 1;
        }

        return new MemorySource(kept);
    }
}
