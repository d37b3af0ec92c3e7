using Imaged.Linux;
using Imaged.TestKit;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Imaged.UnitTests.Linux;

public sealed class DirectoryWatchTests
{
    // Nothing is waited for: what happened before is reported at once.
    private const int Long = 60_000;

    [Fact]
    public void What_happens_in_the_directory_ends_the_wait_and_its_own_end_is_told()
    {
        using TemporaryFolder folder = new();
        string path = Directory.CreateDirectory(Path.Combine(folder.Path, "watched")).FullName;
        using DirectoryWatch watch = new(path);
        File.WriteAllText(Path.Combine(path, "file"), "text");
        Assert.True(watch.Wait(Long));
        long before = Environment.TickCount64;
        Assert.True(watch.Wait(50));
        Assert.True(Environment.TickCount64 - before >= 40, "what was told once is told again");
        File.Delete(Path.Combine(path, "file"));
        Assert.True(watch.Wait(Long));
        Directory.Delete(path);
        Assert.False(watch.Wait(Long));
    }

    [Fact]
    public void Many_changes_are_one()
    {
        using TemporaryFolder folder = new();
        using DirectoryWatch watch = new(folder.Path);
        for (int i = 0; i < 500; i++)
        {
            File.WriteAllText(Path.Combine(folder.Path, new string('x', 100) + i), string.Empty);
        }

        Assert.True(watch.Wait(Long));
        long before = Environment.TickCount64;
        Assert.True(watch.Wait(50));
        Assert.True(Environment.TickCount64 - before >= 40, "some of the changes were left");
    }

    [Fact]
    public void What_is_not_there_cannot_be_watched() =>
        Assert.Equal(Errno.ENOENT, Assert.Throws<LinuxException>(() => new DirectoryWatch("/no/such/folder")).Errno);

    [Fact]
    public void A_file_has_a_writer_as_long_as_somebody_has_it_open_for_writing()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "image");
        using (FileStream writer = File.Create(path))
        {
            writer.Write("half"u8);
            writer.Flush();
            using SafeFileHandle reader = HostPath.OpenRead(path);
            Assert.True(FileLease.HasWriter(reader));
        }

        using SafeFileHandle last = HostPath.OpenRead(path);
        Assert.False(FileLease.HasWriter(last));
        using FileStream next = File.OpenWrite(path); // the lease was given back: this does not wait
    }
}
