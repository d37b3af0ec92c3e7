using Imaged.Blocks;
using Xunit;

namespace Imaged.TestKit.Contracts;

/// <summary>What every image format must do. A format's test class derives from this and names a sample.</summary>
public abstract class ImageContract
{
    // Enough to meet every kind of field of a small image.
    private const int Changes = 400;

    /// <summary>A sample of the format, as in the manifest of the samples.</summary>
    protected abstract string Sample { get; }

    /// <summary>Id of the format.</summary>
    protected abstract string Format { get; }

    /// <summary>Its password; null for none.</summary>
    protected virtual string? Password => null;

    /// <summary>Whether the packed sample is meant unpacked: false where the packing is the format.</summary>
    protected virtual bool Unpack => true;

    [Fact]
    public void The_format_is_found_out_by_the_content()
    {
        using ImageSample sample = ImageSample.Open(Sample, password: Password, unpack: Unpack);
        Assert.Equal(Format, sample.Image.Format.Id);
        Assert.Empty(sample.Image.Warnings);
    }

    [Fact]
    public void Slices_equal_the_whole_from_eight_threads_at_once()
    {
        using ImageSample sample = ImageSample.Open(Sample, Format, Password, unpack: Unpack);
        BlockSource content = sample.Image.Content;
        byte[] whole = content.ReadBytes(0, (int)Math.Min(content.Length, 8 << 20));
        Random random = new(1);
        (int Offset, int Count)[] slices = [.. Enumerable.Range(0, 64).Select(i =>
        {
            int offset = random.Next(whole.Length);
            return (offset, random.Next(Math.Min(whole.Length - offset, i % 2 == 0 ? 5000 : int.MaxValue) + 1));
        })];
        Parallel.ForEach(slices, new ParallelOptions { MaxDegreeOfParallelism = 8 }, slice =>
            Assert.Equal(
                whole[slice.Offset..(slice.Offset + slice.Count)], content.ReadBytes(slice.Offset, slice.Count)));
    }

    [Fact]
    public void Extents_tile_the_content_and_tell_where_the_bytes_stand()
    {
        using ImageSample sample = ImageSample.Open(Sample, Format, Password, unpack: Unpack);
        BlockSource content = sample.Image.Content;
        SourceContract.ExtentsTile(content);
        for (long offset = 0; offset < content.Length;)
        {
            Extent extent = content.GetExtent(offset);
            if (extent.Host is { } host)
            {
                int count = (int)Math.Min(extent.Length, 4096);
                Assert.True(sample.Files.TryOpen(sample.Files.Opened[host.FileIndex].Name, out BlockSource file));
                Assert.Equal(file.ReadBytes(host.Offset, count), content.ReadBytes(offset, count));
            }

            offset = extent.End;
        }
    }

    [Fact]
    public void Truncated_or_changed_bytes_end_in_success_or_a_named_error()
    {
        using SampleFiles files = new(Sample, unpack: Unpack);
        HostileInput.Try(files.First, source =>
        {
            using ImageSample sample = ImageSample.Open(Sample, Format, Password, source, Unpack);
            Touch(sample.Image.Content);
        }, Changes);
    }

    private static void Touch(BlockSource content)
    {
        byte[] buffer = new byte[65536];
        long step = Math.Max(buffer.Length, content.Length / 16);
        for (long offset = 0; offset < content.Length; offset += step)
        {
            long at = offset;
            HostileInput.Allow(() => content.ReadUpTo(at, buffer));
            HostileInput.Allow(() => _ = content.GetExtent(at));
        }
    }
}
