using System.Text;
using Imaged.Formats.Ext;
using Xunit;

namespace Imaged.UnitTests.Ext;

/// <summary>Expected values: <c>debugfs -R 'dx_hash -h VERSION NAME'</c> of e2fsprogs 1.47.0.</summary>
public sealed class ExtHashTests
{
    private const string Long = "entry-with-a-longer-name-00012";
    private const string Full = "exactly-thirty-two-bytes-long-xx";
    private const string High = "ünïcødé-ÿþ-ünïcødé-ÿþ-ünïcødé-ÿþ";

    [Theory]
    [InlineData(0, "a", 0xe74b53e2)]
    [InlineData(0, Long, 0x59f09996)]
    [InlineData(0, Full, 0x61f41566)]
    [InlineData(0, High, 0x0808a85c)]
    [InlineData(1, "a", 0xd5fa7d7a)]
    [InlineData(1, Long, 0xd94e7e0c)]
    [InlineData(1, Full, 0x8c8882d8)]
    [InlineData(1, High, 0x02cb53ee)]
    [InlineData(2, "a", 0x6d0ea4c0)]
    [InlineData(2, Long, 0xb7c0251e)]
    [InlineData(2, Full, 0xbe3175d6)]
    [InlineData(2, High, 0x107274ae)]
    [InlineData(3, "a", 0xe74b53e2)]
    [InlineData(3, High, 0x762a2364)]
    [InlineData(4, "a", 0xd5fa7d7a)]
    [InlineData(4, High, 0x36a8acdc)]
    [InlineData(5, "a", 0x6d0ea4c0)]
    [InlineData(5, High, 0xb0619e7c)]
    public void A_name_has_the_hash_that_debugfs_prints(int version, string name, uint expected) =>
        Assert.Equal(expected, ExtHash.Of(Encoding.UTF8.GetBytes(name), version, [0, 0, 0, 0]));
}
