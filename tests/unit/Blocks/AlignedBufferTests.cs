using Imaged.Blocks;
using Xunit;

namespace Imaged.UnitTests.Blocks;

public sealed unsafe class AlignedBufferTests
{
    [Theory]
    [InlineData(1, 512)]
    [InlineData(4096, 4096)]
    [InlineData(12345, 65536)]
    public void Buffers_stand_where_direct_reads_want_them_and_are_zero(int length, int alignment)
    {
        using AlignedBuffer buffer = new(length, alignment);
        Assert.Equal(0u, (nuint)buffer.Address % (nuint)alignment);
        Assert.Equal(length, buffer.GetSpan().Length);
        Assert.False(buffer.GetSpan().ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void A_freed_buffer_is_not_used_again()
    {
        AlignedBuffer buffer = new(512);
        ((IDisposable)buffer).Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.GetSpan());
    }

    [Fact]
    public void A_pool_gives_the_same_buffer_again_and_keeps_no_more_than_it_may()
    {
        using AlignedBufferPool pool = new(512, keep: 1);
        AlignedBuffer first = pool.Rent();
        AlignedBuffer second = pool.Rent();
        pool.Return(first);
        pool.Return(second);
        Assert.Same(first, pool.Rent());
        Assert.Throws<ObjectDisposedException>(() => second.GetSpan());
        pool.Return(first);
    }
}
