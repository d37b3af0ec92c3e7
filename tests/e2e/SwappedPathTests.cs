using System.Globalization;
using System.Text;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>Paths that become something else while, or after, somebody says them.</summary>
public sealed class SwappedPathTests
{
    private const string Hello = "Hello from inside an image.\n";
    private const string Secret = "SECRET of somebody else!!!!\n";

    [Fact]
    public void An_image_is_what_the_caller_could_open_when_its_link_is_swapped_meanwhile()
    {
        using HostileClient client = HostileClient.Start();
        string own = client.OwnFolder("own");
        string image = client.System.Sample("demo.iso");
        string link = Path.Combine(own, "disc.iso");
        using Swapper swapper = new(link, image, MakeSecret(client.System));
        int mounted = 0;
        for (int i = 0; i < 20; i++)
        {
            CommandResult result = client.System.RunAsNobody("mount", link);
            if (result.ExitCode != 0)
            {
                result.Fails(5);
                continue;
            }

            mounted++;
            string directory = result.Output.TrimEnd('\n');
            Assert.Equal(Hello, File.ReadAllText(Path.Combine(directory, "docs", "hello.txt")));
            client.System.RunAsNobody("umount", directory).Succeeds();
        }

        Assert.InRange(mounted, 1, 20);
        Assert.True(swapper.Count > 20);
    }

    [Fact]
    public void A_sibling_that_becomes_a_link_leads_root_nowhere_else()
    {
        using HostileClient client = HostileClient.Start();
        string own = client.OwnFolder("own");
        string cue = Path.Combine(own, "disc.cue");
        File.WriteAllText(cue, "FILE \"track.bin\" BINARY\n  TRACK 01 MODE1/2048\n    INDEX 01 00:00:00\n");
        string track = Path.Combine(own, "real.bin");
        File.Copy(client.System.Sample("demo.iso"), track);
        using Swapper swapper = new(Path.Combine(own, "track.bin"), "real.bin", MakeSecret(client.System));
        int read = 0;
        for (int i = 0; i < 30; i++)
        {
            CommandResult result = client.System.Run("cat", cue, "/docs/hello.txt");
            if (result.ExitCode == 0)
            {
                read++;
                Assert.Equal(Hello, result.Output);
            }
            else
            {
                result.Fails(result.ExitCode);
                Assert.Empty(result.Output);
            }
        }

        Assert.InRange(read, 1, 30);
    }

    [Fact]
    public void A_mount_point_whose_path_leads_elsewhere_by_now_costs_nobody_else_a_mount()
    {
        using HostileClient client = HostileClient.Start();
        PrivateSystem system = client.System;
        string victim = Directory.CreateDirectory(system["victim/mnt"]).FullName;
        Tool.Run("mount", "-t", "tmpfs", "victim", victim);
        string own = client.OwnFolder("own");
        string point = Path.Combine(own, "a", "mnt");
        Directory.CreateDirectory(point);
        Tool.Run("chown", "-R", "nobody", own);
        system.RunAsNobody("mount", system.Sample("demo.iso"), point).Succeeds();
        string id = system.RunAsNobody("list", "--json").Succeeds().Json
            .GetProperty("attachments")[0].GetProperty("id").GetString()!;

        Directory.Move(Path.Combine(own, "a"), Path.Combine(own, "b"));
        Directory.CreateSymbolicLink(Path.Combine(own, "a"), system["victim"]);
        system.RunAsNobody("umount", id).Succeeds();
        Assert.Equal("victim", Machine.Mount(victim).Source);
        Assert.Equal([victim], Machine.MountsBelow(system.Folder));
        Tool.Run("umount", victim);
    }

    [Fact]
    public void What_somebody_mounted_over_an_image_is_not_unmounted_in_its_place()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string directory = system.Mount(system.Sample("demo.iso"));
        Tool.Run("mount", "-t", "tmpfs", "over", directory);
        system.Run("umount", directory).Fails(1, "mounted over it");
        Assert.Equal("over", Machine.Mount(directory).Source);
        Tool.Run("umount", directory);
        system.Run("umount", directory).Succeeds();
    }

    // The demo disc with another text, which only root may read.
    private static string MakeSecret(PrivateSystem system)
    {
        byte[] bytes = File.ReadAllBytes(system.Sample("demo.iso"));
        int at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Hello));
        Encoding.ASCII.GetBytes(Secret).CopyTo(bytes, at);
        string path = system["secret.iso"];
        File.WriteAllBytes(path, bytes);
        Tool.Run("chmod", "600", path);
        Assert.Equal(Secret, system.Run("cat", path, "/docs/hello.txt").Succeeds().Output);
        return path;
    }

    /// <summary>Makes a link point here and there in turn, all the time.</summary>
    private sealed class Swapper : IDisposable
    {
        private readonly Thread _thread;
        private volatile bool _stopping;
        private int _count;

        public Swapper(string link, string first, string second)
        {
            File.CreateSymbolicLink(link, first);
            _thread = new(() =>
            {
                while (!_stopping)
                {
                    string next = string.Create(CultureInfo.InvariantCulture, $"{link}.{++_count}");
                    File.CreateSymbolicLink(next, _count % 2 == 0 ? first : second);
                    File.Move(next, link, overwrite: true);
                }
            });
            _thread.Start();
        }

        public int Count => Volatile.Read(ref _count);

        public void Dispose()
        {
            _stopping = true;
            _thread.Join();
        }
    }
}
