using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>Images that refer to files in other directories.</summary>
public sealed class ReferenceTests
{
    [Fact]
    public void References_to_other_directories_are_followed_only_when_that_is_allowed()
    {
        Requires.Tool("qemu-img");
        using PrivateSystem system = PrivateSystem.Start();
        MakeChain(system);
        string top = system["top/top.qcow2"];
        system.Run("info", top).Fails(1, "--allow-outside looks for it at '../middle/middle.qcow2'");
        system.Run("convert", top, "--allow-outside", system["out.raw"]).Succeeds();
        Assert.Equal(File.ReadAllBytes(system["expected.raw"]), File.ReadAllBytes(system["out.raw"]));

        // Links are followed, but devices are not opened.
        Tool.Shell($"cd '{system.Folder}' && rm base/base.raw && ln -s /dev/zero base/base.raw");
        system.Run("info", top, "--allow-outside").Fails(1, "neither there nor beside");
    }

    [Fact]
    public void A_device_with_references_to_other_directories_survives_its_worker()
    {
        Requires.Tool("qemu-img");
        using PrivateSystem system = PrivateSystem.Start();
        MakeChain(system);
        string device =
            system.Run("attach", system["top/top.qcow2"], "--allow-outside").Succeeds().Output.TrimEnd();
        byte[] expected = File.ReadAllBytes(system["expected.raw"]);
        Assert.Equal(expected, Tool.Run("cat", device).Output);
        Machine.Signal(Assert.Single(PrivateSystem.Workers), "KILL");
        File.WriteAllText("/proc/sys/vm/drop_caches", "3");
        Assert.Equal(expected, Tool.Run("cat", device).Output);
        system.Run("detach", device).Succeeds();
    }

    // A relative path, and behind it an absolute one.
    private static void MakeChain(PrivateSystem system) => Tool.Shell($"""
        cd '{system.Folder}'
        mkdir top middle base
        head -c 3M /dev/urandom > base/base.raw
        qemu-img create -q -f qcow2 -b "$PWD/base/base.raw" -F raw middle/middle.qcow2
        qemu-io -c 'write -P 7 1M 64k' middle/middle.qcow2 >&2
        qemu-img create -q -f qcow2 -b ../middle/middle.qcow2 -F qcow2 top/top.qcow2
        qemu-io -c 'write -P 8 2M 64k' top/top.qcow2 >&2
        qemu-img convert -O raw top/top.qcow2 expected.raw
        """);
}
