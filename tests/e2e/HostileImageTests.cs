using System.Globalization;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>What an image holds gives nobody rights.</summary>
public sealed class HostileImageTests
{
    [Theory]
    [InlineData("kernel")]
    [InlineData("tree")]
    public void A_set_id_program_and_a_device_node_of_an_image_of_root_have_no_effect(string view)
    {
        using HostileClient client = HostileClient.Start();
        string directory = client.System.Mount(MakeImage(client.System), "--as", view);
        AssertHarmless(client.System, directory);
        Assert.Equal(1, Tool.TryRun("head", "-c", "1", $"{directory}/zero").ExitCode); // not for root, either
        client.System.Run("umount", directory).Succeeds();
    }

    [Theory]
    [InlineData("kernel")]
    [InlineData("tree")]
    public void A_set_id_program_and_a_device_node_of_an_image_of_a_user_have_no_effect(string view)
    {
        using HostileClient client = HostileClient.Start("kernel-mounts-for-users = yes");
        string image = MakeImage(client.System);
        client.System.RunAsNobody("mount", image, "--as", view, "-o", "suid").Fails(5, "suid");
        client.System.RunAsNobody("mount", image, "--as", view, "-o", "dev").Fails(5, "dev");
        string directory = client.System.RunAsNobody("mount", image, "--as", view).Succeeds().Output.TrimEnd('\n');
        AssertHarmless(client.System, directory);
        client.System.RunAsNobody("umount", directory).Succeeds();
    }

    [Fact]
    public void The_same_image_does_harm_where_root_has_asked_for_it()
    {
        using HostileClient client = HostileClient.Start();
        string directory = client.System.Mount(MakeImage(client.System), "--as", "kernel", "-o", "suid,dev");
        Assert.Equal("0\n", AsNobody(client.System, $"{directory}/id", "-u").Output);
        Assert.Single(AsNobody(client.System, "/usr/bin/head", "-c", "1", $"{directory}/zero").Bytes);
        client.System.Run("umount", directory).Succeeds();
    }

    // A volume with a set-id copy of id(1) and a node of /dev/zero that everybody may read.
    private static string MakeImage(PrivateSystem system)
    {
        Requires.Tool("mkfs.ext4");
        Tool.Shell($"""
            cd '{system.Folder}'
            mkdir tree
            cp /usr/bin/id tree/id
            chmod 6755 tree/id
            mknod -m 666 tree/zero c 1 5
            mkfs.ext4 -q -F -E root_owner=0:0 -d tree bad.img 8M 2>&1
            """);
        return system["bad.img"];
    }

    private static void AssertHarmless(PrivateSystem system, string directory)
    {
        Assert.Equal(
            "0 6755 regular file\n0 666 character special file\n",
            Tool.Run("stat", "-c", "%u %a %F", $"{directory}/id", $"{directory}/zero").Text);
        Assert.Equal(
            HostileClient.Nobody.ToString(CultureInfo.InvariantCulture) + "\n",
            AsNobody(system, $"{directory}/id", "-u").Output);
        CommandResult read = AsNobody(system, "/usr/bin/head", "-c", "1", $"{directory}/zero");
        Assert.True(read.ExitCode == 1, read.ToString());
        Assert.Contains("Permission denied", read.Error, StringComparison.Ordinal);
    }

    private static CommandResult AsNobody(PrivateSystem system, string program, params string[] arguments)
    {
        using RunningCommand command = system.BeginAsNobody(program, arguments);
        return command.Finish();
    }
}
