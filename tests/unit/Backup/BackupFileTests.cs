using System.Text;
using Imaged.Backup;
using Imaged.Blocks;
using Imaged.Formats.Images.Qcow2;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.Backup;

/// <summary>Manifests that are not as they should be.</summary>
public sealed class BackupFileTests
{
    [Theory]
    [InlineData("", "no JSON")]
    [InlineData("null", "no version")]
    [InlineData("{}", "no version")]
    [InlineData("""{"version":1,"length":1,"chunkSize":3}""", "chunks of 3 bytes")]
    [InlineData("""{"version":1,"length":1,"chunkSize":1073741824}""", "chunks of 1073741824 bytes")]
    [InlineData("""{"version":1,"length":0,"chunkSize":65536}""", "the length 0")]
    [InlineData("""{"version":1,"length":-5,"chunkSize":65536}""", "the length -5")]
    [InlineData("""{"version":1,"length":9223372036854775807,"chunkSize":65536}""", "the length 9223372036854775807")]
    [InlineData("""{"version":1,"length":65536,"chunkSize":65536,"chunks":[null]}""", "out of order")]
    [InlineData("""{"version":1,"length":65536,"chunkSize":65536,"chunks":[{"first":0}]}""", "out of order")]
    [InlineData("""{"version":1,"length":9,"chunkSize":65536,"chunks":[{"sha256":"AA=="}]}""", "out of order")]
    [InlineData("""{"version":1,"length":65536,"chunkSize":65536,"digest":"00"}""", "the digest of the whole")]
    public void What_makes_no_sense_is_refused(string json, string says)
    {
        ImageFormatException error =
            Assert.Throws<ImageFormatException>(() => BackupFile.Parse(Encoding.UTF8.GetBytes(json), 0));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_version_is_named() => Assert.Contains(
        "version 2",
        Assert.Throws<UnsupportedFeatureException>(() => BackupFile.Parse("""{"version":2}"""u8.ToArray(), 0)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Every_byte_of_header_and_manifest_counts_and_every_truncation_ends_cleanly()
    {
        byte[] file = MakeBackup();
        Qcow2Manifest place = Qcow2Manifest.Find(new MemorySource(file))!;
        Assert.NotNull(BackupFile.Read(new MemorySource(file)));
        for (long at = 0; at < file.Length; at = at == 255 ? place.Offset : at + 1)
        {
            file[at] ^= 0x41;
            BackupFile? read = TryRead(file);
            file[at] ^= 0x41;
            Assert.True(at < place.Offset || read is null, $"a change at {at} was not noticed");
        }

        for (int length = 0; length < file.Length; length += length < 512 || length >= place.Offset ? 1 : 4099)
        {
            Assert.Null(TryRead(file.AsMemory(0, length)));
        }
    }

    private static BackupFile? TryRead(ReadOnlyMemory<byte> file)
    {
        try
        {
            return BackupFile.Read(new MemorySource(file));
        }
        catch (Exception error) when (error is ImageFormatException or UnsupportedFeatureException)
        {
            return null;
        }
    }

    private static byte[] MakeBackup()
    {
        using TemporaryFolder folder = new();
        byte[] disk = new byte[700_000];
        new Random(3).NextBytes(disk.AsSpan(300_000, 100_000));
        using (Microsoft.Win32.SafeHandles.SafeFileHandle output =
            File.OpenHandle(folder["a"], FileMode.CreateNew, FileAccess.ReadWrite))
        {
            BackupRequest request = new(new MemorySource(disk), [new(0, disk.Length)]);
            new BackupJob(request, new ProgressMeter(_ => { })).Run(output);
        }

        return File.ReadAllBytes(folder["a"]);
    }
}
