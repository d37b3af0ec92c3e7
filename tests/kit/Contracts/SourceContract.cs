using Imaged.Blocks;
using Xunit;

namespace Imaged.TestKit.Contracts;

/// <summary>What every block source must do.</summary>
public static class SourceContract
{
    /// <summary>Extents follow each other without gap to the end, and zero extents read as zero.</summary>
    public static void ExtentsTile(BlockSource source)
    {
        long offset = 0;
        while (offset < source.Length)
        {
            Extent extent = source.GetExtent(offset);
            Assert.Equal(offset, extent.Offset);
            Assert.InRange(extent.Length, 1, source.Length - offset);
            if (extent.Kind != ExtentKind.Data)
            {
                Assert.Null(extent.Host);
            }

            if (extent.Kind == ExtentKind.Zero)
            {
                byte[] bytes = source.ReadBytes(offset, (int)Math.Min(extent.Length, 65536));
                Assert.False(bytes.AsSpan().ContainsAnyExcept((byte)0), $"zero extent at {offset} reads as zero");
            }

            offset += extent.Length;
        }

        Assert.Equal(source.Length, offset);
    }

    /// <summary>Where an extent names a place in the volume, the bytes are there; the first MiB of each is
    /// read.</summary>
    public static void ExtentsAreVerbatim(BlockSource source, BlockSource volume)
    {
        for (long offset = 0; offset < source.Length;)
        {
            Extent extent = source.GetExtent(offset);
            if (extent.Kind == ExtentKind.Data && extent.Host is { } host)
            {
                int count = (int)Math.Min(extent.Length, 1 << 20);
                Assert.Equal(volume.ReadBytes(host.Offset, count), source.ReadBytes(offset, count));
            }

            offset = extent.End;
        }
    }
}
