using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Daa;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Daa;

/// <summary>The contract of images, for DAA of version 2 with LZMA.</summary>
public sealed class DaaContractTests : ImageContract
{
    protected override string Sample => "daa/poweriso46-best.daa";

    protected override string Format => "daa";
}

/// <summary>The contract of images, for DAA of version 1 in two parts.</summary>
public sealed class DaaSplitContractTests : ImageContract
{
    protected override string Sample => "daa/split1/02_poweriso-4.6-split1.part01.daa";

    protected override string Format => "daa";
}

/// <summary>Images of PowerISO, and hand-made ones that daa2iso reads.</summary>
public sealed class DaaTests
{
    // As daa2iso 0.1.7e decodes the samples.
    private const string Payload = "66a33efdc7b70e91e063037f18809447dbe432caae169c5b8551540a3bc2e137";

    private static readonly byte[] Image = MakeImage();

    public static TheoryData<string> Kinds => [.. Builders.Keys];

    private static Dictionary<string, DaaBuilder> Builders { get; } = new()
    {
        ["1"] = new(),
        ["1, encrypted"] = Encrypted(new(), "test"),
        ["1, encrypted by a long password"] = Encrypted(new(), "8 correct horses, 1 battery, 2 staples"),
        ["2"] = new() { IsVersion2 = true },
        ["2, lengths of 20 bits"] = new() { IsVersion2 = true, LengthBits = 20 },
        ["2, masked"] = new() { IsVersion2 = true, IsMasked = true },
        ["2, hidden"] = new() { IsVersion2 = true, IsHidden = true },
        ["2, numbering 1"] = new() { IsVersion2 = true, Numbering = 1 },
        ["2, numbering 2"] = new() { IsVersion2 = true, Numbering = 2 },
        ["2, numbering 3"] = new() { IsVersion2 = true, Numbering = 3 },
        ["2, LZMA"] = new() { IsVersion2 = true, IsLzma = true },
        ["2, LZMA, x86"] = new() { IsVersion2 = true, IsLzma = true, HasX86Filter = true },
        ["2, encrypted"] = Encrypted(new() { IsVersion2 = true, IsLzma = true }, "p"),
        ["GBI"] = new() { IsGbi = true, IsVersion2 = true },
        ["GBI, numbering 1"] = new() { IsGbi = true, IsVersion2 = true, Numbering = 1 },
    };

    [Theory]
    [InlineData("daa/poweriso46-best.daa")]
    [InlineData("daa/split1/02_poweriso-4.6-split1.part01.daa")]
    public void Samples_have_the_content_that_daa2iso_reads(string name)
    {
        using ImageSample sample = ImageSample.Open(name);
        Assert.Equal("daa", sample.Image.Format.Id);
        Assert.Equal(Payload, ImageSample.Sha256(sample.Disk));
    }

    [Fact]
    public void A_later_part_names_the_reason()
    {
        ImageFormatException error = Assert.Throws<ImageFormatException>(
            () => ImageSample.Open("daa/split1/02_poweriso-4.6-split1.part02.daa"));
        Assert.Contains("later part", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Images_by_hand_give_what_daa2iso_reads(string kind)
    {
        Requires.Tool("daa2iso", "xz");
        DaaBuilder builder = Builders[kind];
        using TemporaryFolder folder = new();
        Write(builder.Build(Image), folder, "disc.daa");

        // It ends with 1 in any case; the content says whether it liked the image.
        Tool.Shell($"echo '{builder.Password}' | daa2iso '{folder["disc.daa"]}' '{folder["disc.iso"]}' || true");
        byte[] expected = File.ReadAllBytes(folder["disc.iso"]);
        Assert.Equal(Image, expected);
        using FolderFiles files = new(folder.Path, "disc.daa");
        using DiskImage image = Open(files, "disc.daa", builder.Password);
        Assert.Equal(expected, image.Content.ReadBytes(0, (int)image.Content.Length));
        SourceContract.ExtentsTile(image.Content);
    }

    [Theory]
    [InlineData("disc.daa", "disc.d00", "disc.d01")]
    [InlineData("disc.part01.daa", "disc.part02.daa", "disc.part03.daa")]
    [InlineData("disc.part001.daa", "disc.part002.daa", "disc.part003.daa")]
    public void Parts_are_found_by_all_their_names(params string[] names)
    {
        Requires.Tool("daa2iso");
        using TemporaryFolder folder = new();
        Write(new DaaBuilder { SplitLength = 40000 }.Build(Image), folder, names);
        Tool.TryRun("daa2iso", folder[names[0]], folder["disc.iso"]);
        Assert.Equal(Image, File.ReadAllBytes(folder["disc.iso"]));
        using (FolderFiles files = new(folder.Path, names[0]))
        {
            using DiskImage image = Open(files, names[0]);
            Assert.Equal(Image, image.Content.ReadBytes(0, (int)image.Content.Length));
        }

        File.Delete(folder[names[2]]);
        using FolderFiles less = new(folder.Path, names[0]);
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => Open(less, names[0]));
        Assert.Contains($"'{names[2]}' is not beside", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_is_asked_for_and_checked()
    {
        using TemporaryFolder folder = new();
        Write(Encrypted(new(), "test").Build(Image), folder, "disc.daa");
        using FolderFiles files = new(folder.Path, "disc.daa");
        Assert.True(Assert.Throws<PasswordException>(() => Open(files, "disc.daa")).IsMissing);
        Assert.False(Assert.Throws<PasswordException>(() => Open(files, "disc.daa", "tset")).IsMissing);
    }

    private static DiskImage Open(FolderFiles files, string name, string? password = null) =>
        DaaFormat.Open(new(files.First, name, files, new BlockCache(1 << 20))
        {
            Password = password is null ? null : Encoding.ASCII.GetBytes(password),
        });

    private static DaaBuilder Encrypted(DaaBuilder builder, string password)
    {
        DaaCipher cipher = new(Encoding.ASCII.GetBytes(password));
        return builder with { Password = password, Decrypt = block => cipher.Decrypt(block) };
    }

    private static void Write(List<byte[]> parts, TemporaryFolder folder, params string[] names)
    {
        Assert.Equal(names.Length, parts.Count);
        for (int i = 0; i < parts.Count; i++)
        {
            File.WriteAllBytes(folder[names[i]], parts[i]);
        }
    }

    // Text, noise, zeros, machine code, a few repeated bytes; a short chunk at the end.
    private static byte[] MakeImage()
    {
        byte[] noise = new byte[5 * DaaBuilder.ChunkLength];
        new Random(5).NextBytes(noise);
        string text = string.Join('\n', Enumerable.Range(0, 4000).Select(i => $"line {i * 7919 % 4001}"));
        byte[] code = File.ReadAllBytes(typeof(DaaTests).Assembly.Location)[..DaaBuilder.ChunkLength];
        for (int i = 64; i + 5 < code.Length; i += 37)
        {
            code[i] = (byte)(0xe8 + (i & 1));
            code[i + 3] = code[i + 4] = (byte)((i & 2) == 0 ? 0 : 0xff);
        }

        byte[] all =
        [
            .. Encoding.ASCII.GetBytes(text)[..(2 * DaaBuilder.ChunkLength)], .. noise[..(3 * DaaBuilder.ChunkLength)],
            .. new byte[DaaBuilder.ChunkLength], .. code, .. noise[(3 * DaaBuilder.ChunkLength)..], .. code[..6144],
        ];
        return all;
    }
}
