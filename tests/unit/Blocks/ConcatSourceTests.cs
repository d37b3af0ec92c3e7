using CsCheck;
using Imaged.Blocks;
using Xunit;

namespace Imaged.UnitTests.Blocks;

public sealed class ConcatSourceTests
{
    [Fact]
    public void Any_slice_of_joined_parts_equals_the_slice_of_the_whole() =>
        Gen.Select(Gen.Byte.Array[0, 40].Array[0, 8], Gen.Int[0, 400], Gen.Int[0, 400]).Sample((parts, a, b) =>
        {
            byte[] whole = [.. parts.SelectMany(part => part)];
            using ConcatSource source = new(parts.Select(part => new MemorySource(part)), ownsParts: true);
            int offset = whole.Length == 0 ? 0 : a % whole.Length;
            int count = whole.Length == offset ? 0 : b % (whole.Length - offset + 1);
            Assert.Equal(whole.Length, source.Length);
            Assert.Equal(whole[offset..(offset + count)], source.ReadBytes(offset, count));
        });
}
