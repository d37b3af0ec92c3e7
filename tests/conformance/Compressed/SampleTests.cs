using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Compressed;

/// <summary>Every packed sample of the manifest holds what the tool that packed it makes of it.</summary>
public sealed class SampleTests
{
    // Larger ones take too long.
    private const long MaxLength = 64 << 20;

    [Theory]
    [InlineData(".gz", 100)]
    [InlineData(".bz2", 10)]
    [InlineData(".Z", 5)]
    [InlineData(".xz", 100)]
    public void Every_packed_sample_is_read(string extension, int atLeast)
    {
        Requires.Samples();
        int count = 0;
        foreach (string path in Directory.EnumerateFiles(Samples.Root, "*" + extension, SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(Samples.Root, path);
            using BlockSource expected = Samples.Open(name);
            if (expected.Length is 0 or > MaxLength)
            {
                continue;
            }

            using FileSource source = FileSource.Open(path);
            using DiskImage image = CompressedFile.Open(source, Path.GetFileName(path));
            Assert.Equal(
                extension switch { ".gz" => "gzip", ".bz2" => "bzip2", ".Z" => "compress", _ => "xz" },
                image.Format.Id);
            Assert.True(expected.Length == image.Content.Length, $"{name} has {image.Content.Length} bytes");
            Assert.True(ImageSample.Sha256(expected) == ImageSample.Sha256(image.Content), $"{name} differs");
            count++;
        }

        Assert.True(count >= atLeast, $"only {count} samples");
    }
}
