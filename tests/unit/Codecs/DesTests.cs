using Imaged.Formats.Codecs;
using Xunit;

namespace Imaged.UnitTests.Codecs;

/// <summary>DES against what openssl enc -des-ecb makes of the same keys.</summary>
public sealed class DesTests
{
    [Theory]
    [InlineData("133457799BBCDFF1", "0123456789ABCDEF", "85E813540F0AB405")]
    [InlineData("0000000000000000", "0000000000000000", "8CA64DE9C1B123A7")]
    [InlineData("FEFEFEFEFEFEFEFE", "FFFFFFFFFFFFFFFF", "7359B2163E4EDC58")]
    public void Blocks_are_decrypted_under_strong_and_weak_keys(string key, string clear, string secret)
    {
        byte[] bytes = Convert.FromHexString(secret + secret + "AA");
        new Des(Convert.FromHexString(key)).DecryptEcb(bytes);
        Assert.Equal(clear + clear + "AA", Convert.ToHexString(bytes));
    }
}
