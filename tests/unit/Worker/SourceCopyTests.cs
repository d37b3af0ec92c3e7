using Imaged.Blocks;
using Imaged.TestKit;
using Imaged.Worker.Run;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Imaged.UnitTests.Worker;

public sealed class SourceCopyTests
{
    [Theory]
    [InlineData(2048)]
    [InlineData(300_000)]
    [InlineData(3 << 20)]
    public void Each_chunk_is_decoded_once_and_what_is_zero_not_at_all(int chunkLength)
    {
        using Striped source = new(chunkLength, (12 << 20) / chunkLength, -1);
        using TemporaryFolder folder = new();
        using SafeFileHandle file = File.OpenHandle(folder["out"], FileMode.CreateNew, FileAccess.ReadWrite);
        ProgressMeter meter = new(_ => { });
        SourceCopy.ToFile(source, file, meter);

        Assert.Equal(
            Enumerable.Range(0, source.Decoded.Length).Select(i => Striped.IsZero(i) ? 0 : 1), source.Decoded);
        Assert.Equal(source.ReadBytes(0, (int)source.Length), File.ReadAllBytes(folder["out"]));
    }

    [Fact]
    public void What_cannot_be_read_ends_the_copy_with_its_own_error()
    {
        using Striped source = new(300_000, 40, 21);
        using TemporaryFolder folder = new();
        using SafeFileHandle file = File.OpenHandle(folder["out"], FileMode.CreateNew, FileAccess.ReadWrite);
        IOException error = Assert.Throws<IOException>(() =>
            SourceCopy.ToFile(source, file, new ProgressMeter(_ => { })));
        Assert.Equal("broken", error.Message);
    }

    // Chunks of one length, each full of its own number; every fifth is zero and not stored.
    private sealed class Striped(int chunkLength, int count, int damaged) : ChunkedSource(new BlockCache(8 << 20))
    {
        public int[] Decoded { get; } = new int[count];

        public override long Length => (long)chunkLength * count;

        public static bool IsZero(long index) => index % 5 == 3;

        protected override Chunk GetChunk(long offset)
        {
            long index = offset / chunkLength;
            return IsZero(index)
                ? Chunk.Zero(index * chunkLength, chunkLength)
                : Chunk.Encoded(index, index * chunkLength, chunkLength);
        }

        protected override void Decode(in Chunk chunk, Span<byte> destination)
        {
            Interlocked.Increment(ref Decoded[chunk.Index]);
            if (chunk.Index == damaged)
            {
                throw new IOException("broken");
            }

            destination.Fill((byte)(chunk.Index + 1));
        }
    }
}
