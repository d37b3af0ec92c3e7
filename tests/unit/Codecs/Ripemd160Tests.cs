using System.Text;
using Imaged.Formats.Codecs;
using Xunit;

namespace Imaged.UnitTests.Codecs;

/// <summary>The test vectors of the authors (Dobbertin, Bosselaers, Preneel 1996); a derived key by OpenSSL.</summary>
public sealed class Ripemd160Tests
{
    [Theory]
    [InlineData("", 1, "9C1185A5C5E9FC54612808977EE8F548B2258D31")]
    [InlineData("abc", 1, "8EB208F7E05D987A9B044A8E98C6B087F15A0BFC")]
    [InlineData("message digest", 1, "5D0689EF49D2FAE572B881B123A85FFA21595F36")]
    [InlineData("abcdefghijklmnopqrstuvwxyz", 1, "F71C27109C692C1B56BBDCEB5B9D2865B3708DBC")]
    [InlineData(
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, "12A053384A9C0C88E405A06C27DCF49ADA62EB2B")]
    [InlineData("1234567890", 8, "9B752E45573D4B39F4DBD3323CAB82BF63326BFB")]
    [InlineData("a", 1_000_000, "52783243C1697BDBE16D37F97F68F08325DC1528")]
    public void Hash_is_that_of_the_authors(string text, int times, string expected) => Assert.Equal(
        expected,
        Convert.ToHexString(Ripemd160.Hash(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(text, times))))));

    // openssl kdf -keylen 48 -kdfopt digest:RIPEMD160 -kdfopt pass:password -kdfopt salt:NaCl -kdfopt iter:2000 PBKDF2
    [Fact]
    public void Derived_key_is_that_of_openssl()
    {
        byte[] key = new byte[48];
        Ripemd160.DeriveKey("password"u8, "NaCl"u8, 2000, key);
        Assert.Equal(
            "D0186C01ED9CCFD01E02C1958F7274D08B3257C8A46493D61E5CBEFB30575D195F08A352B3E462473DB4A907ED4393EA",
            Convert.ToHexString(key));
    }
}
