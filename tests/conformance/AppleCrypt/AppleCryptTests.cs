using System.Text;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.AppleCrypt;

/// <summary>Encrypted images by hand, since there are no samples; vfdecrypt and openssl decrypt and encrypt the
/// same.</summary>
public sealed class AppleCryptTests
{
    private const string Secret = "correct horse";

    // Version 2, AES-256: all ciphers by the openssl program, the derivation by Python.
    private const string OpenSslScript = """
        import hashlib, hmac, os, struct, subprocess, sys
        folder, password = sys.argv[1], sys.argv[2].encode()
        def encrypt(cipher, key, vector, data, *more):
            command = ["openssl", "enc", "-" + cipher, "-K", key.hex(), "-iv", vector.hex(), *more]
            return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout
        plain = open(folder + "/plain", "rb").read()
        salt, vector, key, vectorkey = os.urandom(20), os.urandom(8), os.urandom(32), os.urandom(20)
        derived = hashlib.pbkdf2_hmac("sha1", password, salt, 1000, 24)
        blob = encrypt("des-ede3-cbc", derived, vector, key + vectorkey + b"CKIE\0")
        header = struct.pack(">8s7I16sIQQIIQQ", b"encrcdsa", 2, 16, 5, 0x80000001, 256, 91, 160, bytes(16), 65536,
            len(plain), 4096, 1, 1, 96, 616)
        header += struct.pack(">IIII32sI32s5I", 103, 0, 1000, 20, salt, 8, vector, 192, 17, 7, 6, len(blob)) + blob
        with open(folder + "/secret.dmg", "wb") as out:
            out.write(header.ljust(4096, b"\0"))
            for i in range(0, len(plain), 65536):
                block = plain[i:i + 65536].ljust(65536, b"\0")
                number = hmac.new(vectorkey, struct.pack(">I", i // 65536), "sha1").digest()[:16]
                out.write(encrypt("aes-256-cbc", key, number, block, "-nopad"))
        """;

    private static readonly byte[] Plain = MakePlain();

    [Theory]
    [InlineData(4096)]
    [InlineData(512)]
    public void The_content_is_what_vfdecrypt_decrypts_with_the_keys(int blockLength)
    {
        // Not with the password: vfdecrypt 1.6.7 derives the right key of it, but fails to unwrap others with that.
        Requires.Tool("vfdecrypt");
        using TemporaryFolder folder = new();
        byte[] keys = CryptBuilder.NewKeys(128);
        byte[] bytes = CryptBuilder.V2(Plain, Secret, keys, blockLength);
        File.WriteAllBytes(folder["secret.dmg"], bytes);
        Tool.Run("vfdecrypt", "-i", folder["secret.dmg"], "-k", Convert.ToHexStringLower(keys), "-o", folder["plain"]);
        byte[] expected = File.ReadAllBytes(folder["plain"]);
        using ImageStack stack = Open(bytes, Secret);
        Assert.Equal(expected[..Plain.Length], stack.Layers[0].Content.ReadBytes(0, Plain.Length));
    }

    // Salt and keys of images that Mac OS X made, as the self-test of John the Ripper (dmg_fmt_plug.c) has them:
    // AES-256 and AES-128 of version 1.
    [Theory]
    [InlineData(
        "f615ec6c463799eccc6a2dfbedf12c6bdc422a2a",
        "a595f4a81a490e7aa6378034661da57a424f922c971d3db3f856f8d5"
        + "4b0784bcc5d7182905c4237153c5d250b8aee1d26410b1dca7b1cb73",
        "74a060efbaf2c79d5523219d8162c425befbb2094fb46e7ffaedc7cd4f192e6f0c47d8aa91e0a3201346725d3ddadfff",
        "AES-256, header version 1")]
    [InlineData(
        "9c82b419bdac1b3e6b71f8a6b99a7501f34b6950",
        "5da479e292e0acf67a9fa3e24d0a767cae2f645ff63836665068637188f4b80295de79aabdbc2536",
        "9b136165ee73418631ccf28d5e77073788ae921df596649a7a7789585db0f13f446d5927967e2ede20ce8a4f5389185d",
        "AES-128, header version 1")]
    public void Keys_of_old_images_of_macos_are_unwrapped(
        string salt, string dataKey, string vectorKey, string expected)
    {
        byte[] bytes = CryptBuilder.V1Wrapped(
            new byte[4096],
            Convert.FromHexString(salt),
            Convert.FromHexString(dataKey),
            Convert.FromHexString(vectorKey));
        using ImageStack stack = Open(bytes, "vilefault");
        Assert.Equal(expected, stack.Layers[0].Details.Single().Value);
        Assert.Throws<PasswordException>(() => Open(bytes, "vilefaul"));
    }

    [Fact]
    public void Keys_of_an_image_of_macos_are_unwrapped()
    {
        // From the same source: AES-128 of version 2.
        byte[] bytes = CryptBuilder.V2Wrapped(
            new byte[4096],
            Convert.FromHexString("839730be2331c69df4f729ffe8a10c26653bea94"),
            Convert.FromHexString("1f24e25712c2d70d"),
            Convert.FromHexString(
                "3231e20aa642889a7e087cb87c84ba1cd52864007cfea677796a6f52e16b2609696dde9230aeb5603aeb1f70f6701be6"));
        using ImageStack stack = Open(bytes, "vilefault");
        Assert.Equal("AES-128, header version 2", stack.Layers[0].Details.Single().Value);
        Assert.Throws<PasswordException>(() => Open(bytes, "vilefaults"));
    }

    [Fact]
    public void Keys_are_unwrapped_as_by_openssl()
    {
        Requires.Tool("openssl", "python3");
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["plain"], Plain);
        Tool.Run("python3", "-c", OpenSslScript, folder.Path, Secret);
        using ImageStack stack = Open(File.ReadAllBytes(folder["secret.dmg"]), Secret);
        Assert.Equal(Plain, stack.Layers[0].Content.ReadBytes(0, Plain.Length));
    }

    [Theory]
    [InlineData(1, 128, 4096)]
    [InlineData(2, 128, 512)]
    [InlineData(2, 256, 512)]
    [InlineData(2, 256, 4096)]
    public void The_content_is_what_was_encrypted(int version, int keyBits, int blockLength)
    {
        byte[] bytes = version == 1
            ? CryptBuilder.V1(Plain, Secret, CryptBuilder.NewKeys(128))
            : CryptBuilder.V2(Plain, Secret, CryptBuilder.NewKeys(keyBits), blockLength);
        using ImageStack stack = Open(bytes, Secret);
        Assert.Equal("encrcdsa", stack.Layers[0].Format.Id);
        Assert.Equal("raw", stack.Layers[1].Format.Id);
        BlockSource content = stack.Layers[0].Content;
        Assert.Equal(Plain, content.ReadBytes(0, (int)content.Length));
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(Plain[(i * 997)..(i * 1000)], content.ReadBytes(i * 997, i * 3));
        }

        SourceContract.ExtentsTile(content);
        Assert.False(Assert.Throws<PasswordException>(() => Open(bytes, "wrong")).IsMissing);
        Assert.True(Assert.Throws<PasswordException>(() => Open(bytes, null)).IsMissing);
    }

    [Fact]
    public void What_is_inside_is_found_out()
    {
        byte[] inside = File.ReadAllBytes(Samples.Get("dmg/dmgwiz-input_zlib.dmg"));
        using ImageStack stack = Open(CryptBuilder.V2(inside, Secret, CryptBuilder.NewKeys(256), 512), Secret);
        Assert.Equal(["encrcdsa", "dmg"], stack.Layers.Select(layer => layer.Format.Id));
        Assert.Equal(
            "1407509ff44696aab011815d84951ad2c53cb7345a71d9803b73817c2d2d83cf",
            ImageSample.Sha256(stack.Innermost.Content));
    }

    [Theory]
    [InlineData(20, "algorithm")]
    [InlineData(CryptBuilder.KeyRecord, "key derivation")]
    [InlineData(CryptBuilder.KeyRecord + 88, "key encryption")]
    public void Other_ciphers_are_named(int at, string feature)
    {
        byte[] bytes = CryptBuilder.V2(Plain, Secret, CryptBuilder.NewKeys(128), 512);
        bytes[at + 3] ^= 2;
        UnsupportedFeatureException error =
            Assert.Throws<UnsupportedFeatureException>(() => Open(bytes, Secret));
        Assert.Contains(feature, error.Feature, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Truncated_or_changed_bytes_end_in_success_or_a_named_error(int version)
    {
        byte[] bytes = version == 1
            ? CryptBuilder.V1(Plain, Secret, CryptBuilder.NewKeys(128))
            : CryptBuilder.V2(Plain, Secret, CryptBuilder.NewKeys(128), 512);
        using MemorySource source = new(bytes);
        HostileInput.Try(source, changed =>
        {
            using DiskImage image = ImageFormats.Open(Opener(changed, Secret), "encrcdsa");
            image.Content.ReadBytes(image.Content.Length / 2, (int)Math.Min(1000, image.Content.Length / 2));
        });
    }

    private static ImageStack Open(byte[] bytes, string? password) =>
        ImageStack.Open(Opener(new MemorySource(bytes), password), null);

    private static ImageOpener Opener(BlockSource source, string? password) =>
        new(source, "x.dmg", null, new BlockCache(1 << 20))
        {
            Password = password is null ? null : Encoding.UTF8.GetBytes(password),
        };

    private static byte[] MakePlain()
    {
        byte[] plain = new byte[200_000];
        new Random(6).NextBytes(plain);
        return plain;
    }
}
