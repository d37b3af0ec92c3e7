using System.Reflection;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Formats.Signatures;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;
using FileSystemInfo = Imaged.Formats.Model.FileSystemInfo;

namespace Imaged.UnitTests.House;

/// <summary>The four tables hold what the assembly holds.</summary>
public sealed class RegistrationTests
{
    [Fact]
    public void Every_image_format_is_registered_once() =>
        AssertRegistered(typeof(IImageFormat), Ids<FormatInfo>(typeof(IImageFormat), info => info.Id),
            ImageFormats.All.Select(entry => entry.Info.Id));

    [Fact]
    public void Every_partition_table_is_registered_once() =>
        AssertRegistered(typeof(IPartitionTableFormat), Ids<string>(typeof(IPartitionTableFormat), id => id, "Id"),
            PartitionTables.All.Select(entry => entry.Id));

    [Fact]
    public void Every_file_system_is_registered_once() =>
        AssertRegistered(
            typeof(IFileSystem),
            Ids<FileSystemInfo>(typeof(IFileSystem), info => info.Id).Concat(VolumeSignatures.All.Select(s => s.Id)),
            FileSystems.All.Select(entry => entry.Info.Id));

    [Fact]
    public void Every_map_of_used_blocks_is_registered_once_under_the_id_of_a_file_system()
    {
        AssertRegistered(
            typeof(IUsedBlockMap),
            Ids<string>(typeof(IUsedBlockMap), id => id, nameof(IUsedBlockMap.FileSystem)),
            UsedBlockMaps.All.Select(entry => entry.FileSystem));
        Assert.All(UsedBlockMaps.All, entry => Assert.NotNull(FileSystems.Find(entry.FileSystem)));
    }

    [Fact]
    public void Raw_is_the_last_image_format() => Assert.Equal("raw", ImageFormats.All[^1].Info.Id);

    [Fact]
    public void No_sample_is_claimed_by_two_strong_probes()
    {
        Requires.Samples();
        List<string> claimed = [];
        foreach (string path in Directory.EnumerateFiles(Samples.Root, "*", SearchOption.AllDirectories))
        {
            if (new FileInfo(path).Length == 0)
            {
                continue;
            }

            using FileSource source = FileSource.Open(path);
            ProbeWindow window = ProbeWindow.Read(source, Path.GetFileName(path));
            string[] strong =
                [.. ImageFormats.All.Where(e => e.Probe(window) == Match.Strong).Select(e => e.Info.Id)];
            if (strong.Length > 1)
            {
                claimed.Add($"{Path.GetRelativePath(Samples.Root, path)}: {string.Join(' ', strong)}");
            }
        }

        Assert.Empty(claimed);
    }

    [Fact]
    public void Probes_stand_windows_of_every_length()
    {
        for (int length = 0; length <= 4096; length += length < 64 ? 1 : 61)
        {
            byte[] bytes = new byte[length];
            new Random(length).NextBytes(bytes);
            using MemorySource source = new(bytes);
            ProbeWindow window = ProbeWindow.Read(source, "x");
            foreach (FormatEntry entry in ImageFormats.All)
            {
                _ = entry.Probe(window);
            }

            foreach (FileSystemEntry entry in FileSystems.All)
            {
                _ = entry.Probe(source);
            }

            _ = PartitionTables.Read(source);
        }
    }

    private static void AssertRegistered(Type contract, IEnumerable<string> inAssembly, IEnumerable<string> inTable)
    {
        Assert.True(contract.IsInterface);
        Assert.Equal(inAssembly.Order(), inTable.Order());
    }

    private static IEnumerable<string> Ids<T>(Type contract, Func<T, string> id, string property = "Info") =>
        contract.Assembly.GetTypes().Where(type => type.IsClass && contract.IsAssignableFrom(type))
            .Select(type => type.GetProperty(property, BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!)
            .Select(value => id((T)value));
}
