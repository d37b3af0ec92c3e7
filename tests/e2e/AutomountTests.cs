using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>The watched folder. Devices need udev: tests/e2e/vm/cases/automount-device.sh.</summary>
public sealed class AutomountTests
{
    [Fact]
    public void Images_in_the_folder_are_mounted_and_go_with_their_files()
    {
        using TemporaryFolder folder = new();
        using PrivateSystem system = PrivateSystem.Start($"automount-folder = {folder.Path}");
        string image = system.Sample("demo.iso");
        using RunningCommand watcher = system.Begin("automount", "--watch");
        File.WriteAllText(folder["note.txt"], "This is no image.");
        using (FileStream writer = File.Create(folder["slow.iso"]))
        {
            byte[] bytes = File.ReadAllBytes(image);
            writer.Write(bytes.AsSpan(0, bytes.Length / 2));
            writer.Flush();
            File.Copy(image, folder["whole.iso"]);
            Assert.True(Machine.Eventually(() => Machine.MountsBelow(system.Folder).Length == 1), "the whole one");
            Assert.DoesNotContain("slow.iso", system.Run("list").Succeeds().Output, StringComparison.Ordinal);
            writer.Write(bytes.AsSpan(bytes.Length / 2));
        }

        Assert.True(Machine.Eventually(() => Machine.MountsBelow(system.Folder).Length == 2), "the slow one");
        Assert.All(
            Machine.MountsBelow(system.Folder),
            mount => Assert.Equal(
                "Hello from inside an image.\n", File.ReadAllText(Path.Combine(mount, "docs", "hello.txt"))));

        // In use, and while nobody watches.
        watcher.Signal("KILL");
        Assert.Contains("note.txt' is not mounted: ", watcher.Finish().Error, StringComparison.Ordinal);
        using (FileStream reader = File.OpenRead(Path.Combine(system.Media, "IMAGED_DEMO", "docs", "hello.txt")))
        {
            File.Delete(folder["whole.iso"]);
            using RunningCommand next = system.Begin("automount", "--watch");
            Assert.True(Machine.Eventually(() => Machine.MountsBelow(system.Folder).Length == 1), "removed");
            File.Delete(folder["slow.iso"]);
            Assert.True(Machine.Eventually(() => Machine.MountsBelow(system.Folder).Length == 0), "removed, too");

            // The daemon removes a directory right behind its mount.
            Assert.True(
                Machine.Eventually(() => Directory.GetFileSystemEntries(system.Media).Length == 0), "directories");
            Assert.Equal('H', reader.ReadByte());
            next.Signal("KILL");
            _ = next.Finish();
        }

        Assert.True(File.Exists(folder["note.txt"]));
    }

    [Fact]
    public void Nothing_is_mounted_by_default_and_it_says_how_to_turn_it_on()
    {
        using PrivateSystem system = PrivateSystem.Start();
        CommandResult result = system.Run("automount", "--watch").Succeeds();
        Assert.Contains("automount-folder = yes", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_user_cannot_have_anything_mounted_by_itself()
    {
        using PrivateSystem system = PrivateSystem.Start("group = nogroup", "automount-folder = /tmp");
        Assert.Equal(5, system.RunAsNobody("automount", "--watch").ExitCode);
    }
}
