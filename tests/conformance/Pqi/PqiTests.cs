using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Imaged.Conformance.Discs;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Xunit;

namespace Imaged.Conformance.Pqi;

/// <summary>Images of Drive Image 2 to 7: headers made by hand from what is known of them, around a volume of
/// mkfs.fat.</summary>
public sealed class PqiTests
{
    [Theory]
    [InlineData(0x77, "Drive Image 2 or 3")]
    [InlineData(0x78, "Drive Image 4 to 7")]
    public void A_volume_that_is_not_compressed_is_found(byte magic, string product)
    {
        byte[] disk = Fat();
        using HandMade made = HandMade.Of(null, ("disk.pqi", [.. Header(magic, 0), .. disk]));
        Assert.Equal("pqi", made.Image.Format.Id);
        Assert.Equal(disk, made.Content());
        Assert.Contains(new("Product", product), made.Image.Details);
        Assert.Equal(magic == 0x77, made.Image.Details.Contains(new("Partition name", "OLD DISK")));
        Assert.Contains("a disk was found 4096 bytes", Assert.Single(made.Image.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_compressed_is_refused_with_what_is_known()
    {
        string first = Refuse(Header(0x77, 0));
        Assert.Contains("type 0x06 (FAT, 'OLD DISK')", first, StringComparison.Ordinal);
        Assert.Contains("never documented", first, StringComparison.Ordinal);
        Assert.Contains("Drive Image 4 to 7", Refuse(Header(0x78, 0)), StringComparison.Ordinal);
        UnsupportedFeatureException cut = Assert.Throws<UnsupportedFeatureException>(
            () => HandMade.Try(null, ("disk.pqi", [0x77, 0x89, 0x26, 0x12])));
        Assert.Contains("a partition by Drive Image 2 or 3", cut.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Passwords_are_checked_by_both_rules()
    {
        // The sum of "ABCD" and "EF", combined with D2 84 35 7C.
        AssertPassword(0x77, (0x44434241u + 0x4645u) ^ 0x7C3584D2, "ABCDEF");
        AssertPassword(0x78, Crc32.HashToUInt32(Encoding.Unicode.GetBytes("ABCDEF")), "ABCDEF");
    }

    [Fact]
    public void Damage_ends_in_success_or_a_named_error()
    {
        HandMade.Damage("pqi", ("disk.pqi", [.. Header(0x77, 0), .. Fat()]));
        HandMade.Damage("pqi", ("disk.pqi", [.. Header(0x78, 0), .. Fat()]));
    }

    private static void AssertPassword(byte magic, uint check, string password)
    {
        byte[] disk = Fat();
        byte[] image = [.. Header(magic, check), .. disk];
        using HandMade made = HandMade.Of(null, Encoding.UTF8.GetBytes(password), ("disk.pqi", image));
        Assert.Equal(disk, made.Content());
        Assert.True(Assert.Throws<PasswordException>(() => HandMade.Try(null, ("disk.pqi", image))).IsMissing);
        Assert.False(Assert.Throws<PasswordException>(
            () => HandMade.Of(null, "ABCDEG"u8.ToArray(), ("disk.pqi", image)).Dispose()).IsMissing);
    }

    private static string Refuse(byte[] header) => Assert.Throws<UnsupportedFeatureException>(
        () => HandMade.Try(null, ("disk.pqi", [.. header, .. DiscData.Noise(100_000, 3)]))).Message;

    private static byte[] Header(byte magic, uint check)
    {
        byte[] header = new byte[4096];
        byte[] first = [magic, 0x89, 0x26, 0x12];
        first.CopyTo(header, 0);
        header[0x810] = 6;
        header[0x814] = 1;
        "OLD DISK"u8.CopyTo(header.AsSpan(0x870));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(magic == 0x77 ? 0x85C : 0x18), check);
        return header;
    }

    private static byte[] Fat()
    {
        Requires.Tool("mkfs.fat");
        using TemporaryFolder folder = new();
        Tool.Shell($"cd {folder.Path}; mkfs.fat -C disk 1440 >log");
        return File.ReadAllBytes(folder["disk"]);
    }
}
