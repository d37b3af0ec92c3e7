using System.Text.Json;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.TestKit;

/// <summary>Disk images that qemu-img makes and reads: content, and where each byte stands.</summary>
public static class QemuImage
{
    /// <summary>Writes a sparse file of runs that are random, easily compressed, zero or holes, of all lengths and at
    /// odd offsets.</summary>
    public static void MakeRaw(string path, long length, int seed)
    {
        Random random = new(seed);
        using FileStream file = new(path, FileMode.Create);
        file.SetLength(length);
        for (long offset = 0; offset < length;)
        {
            long run = Math.Min(length - offset, random.NextInt64(1, 1L << random.Next(9, 22)));
            byte[] bytes = new byte[run];
            switch (random.Next(4))
            {
                case 0:
                    random.NextBytes(bytes);
                    break;
                case 1:
                    bytes.AsSpan().Fill((byte)random.Next(1, 256));
                    break;
                case 2:
                    for (int i = 0; i < bytes.Length; i++)
                    {
                        bytes[i] = (byte)"the quick brown fox "[i % 20];
                    }

                    break;
                default:
                    bytes = [];
                    break;
            }

            file.Position = offset;
            file.Write(bytes);
            offset += run;
        }
    }

    /// <summary>Opens an image of a folder.</summary>
    public static DiskImage Open(FolderFiles files, string name, string? format = null) =>
        ImageFormats.Open(new ImageOpener(files.First, name, files, new BlockCache(8 << 20)), format);

    /// <summary>Reads an image as imaged does and as qemu-img does, and compares the bytes and the map.</summary>
    /// <param name="folder">Where the image is.</param>
    /// <param name="name">Its name.</param>
    /// <param name="format">Id of the format, which must be found out.</param>
    /// <param name="qemuFormat">QEMU's name of it.</param>
    /// <param name="fileOfDepth">File index of each depth of the map; null when they are equal.</param>
    /// <param name="hasMap">Whether QEMU tells for this format where the bytes stand.</param>
    public static void AssertSame(
        TemporaryFolder folder,
        string name,
        string format,
        string qemuFormat,
        Func<int, int>? fileOfDepth = null,
        bool hasMap = true)
    {
        string raw = folder["decoded-by-qemu-img"];
        Tool.Shell($"cd {folder.Path}; qemu-img convert -f {qemuFormat} -O raw {name} {raw}");
        using FileSource expected = FileSource.Open(raw);
        using FolderFiles files = new(folder.Path, name);
        using DiskImage image = Open(files, name);
        Assert.Equal(format, image.Format.Id);
        Assert.Equal(expected.Length, image.Content.Length);
        Assert.Equal(ImageSample.Sha256(expected), ImageSample.Sha256(image.Content));
        AssertSlices(expected, image.Content);
        SourceContract.ExtentsTile(image.Content);
        AssertStored(folder, files, image.Content);
        if (!hasMap)
        {
            return;
        }

        using JsonDocument map = JsonDocument.Parse(
            Tool.Shell($"cd {folder.Path}; qemu-img map -f {qemuFormat} --output=json {name}").Text);
        foreach (JsonElement entry in map.RootElement.EnumerateArray())
        {
            AssertMapped(image.Content, entry, fileOfDepth ?? (depth => depth));
        }
    }

    private static void AssertSlices(BlockSource expected, BlockSource content)
    {
        Random random = new(77);
        for (int i = 0; i < 200; i++)
        {
            long offset = random.NextInt64(content.Length);
            int count = (int)Math.Min(content.Length - offset, random.Next(1 << random.Next(4, 21)));
            Assert.Equal(expected.ReadBytes(offset, count), content.ReadBytes(offset, count));
        }
    }

    // What stands in a file of the host is what is read.
    private static void AssertStored(TemporaryFolder folder, FolderFiles files, BlockSource content)
    {
        for (long offset = 0; offset < content.Length;)
        {
            Extent extent = content.GetExtent(offset);
            extent = extent.Clip(offset, 1 << 20);
            if (extent.Host is { } host)
            {
                using FileSource file = FileSource.Open(folder[files.Opened[host.FileIndex].Name]);
                byte[] stored = file.ReadBytes(host.Offset, (int)extent.Length);
                Assert.Equal(stored, content.ReadBytes(offset, stored.Length));
            }

            offset = extent.End;
        }
    }

    private static void AssertMapped(BlockSource content, JsonElement entry, Func<int, int> fileOfDepth)
    {
        long start = entry.GetProperty("start").GetInt64();
        long end = Math.Min(start + entry.GetProperty("length").GetInt64(), content.Length);
        bool isData = entry.GetProperty("data").GetBoolean();
        long? host = entry.TryGetProperty("offset", out JsonElement offset) ? offset.GetInt64() : null;
        for (long at = start; at < end;)
        {
            Extent extent = content.GetExtent(at);
            extent = extent.Clip(at, end - at);
            if (isData)
            {
                HostRange? range = host is null
                    ? null
                    : new HostRange(fileOfDepth(entry.GetProperty("depth").GetInt32()), host.Value + (at - start));
                Assert.Equal(new Extent(at, extent.Length, ExtentKind.Data, range), extent);
            }
            else if (extent.Kind == ExtentKind.Data)
            {
                // A hole of the file below, which only QEMU looks for.
                byte[] bytes = content.ReadBytes(at, (int)Math.Min(extent.Length, 1 << 20));
                Assert.True(extent.Host is not null && !bytes.AsSpan().ContainsAnyExcept((byte)0), $"no data at {at}");
            }

            at = extent.End;
        }
    }
}
