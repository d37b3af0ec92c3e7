using System.Xml.Linq;
using Imaged.Daemon.Config;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux.Sockets;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.Daemon;

/// <summary>With a program that answers like pkcheck; the real one answers in the virtual machine.</summary>
public sealed class PolkitTests
{
    private static readonly PeerCredentials Member = new(1000, 1000, [0], 77) { Started = 1234 };

    [Fact]
    public void The_process_is_named_with_its_start_and_its_user()
    {
        using TemporaryFolder folder = new();
        Assert.True(Answering(folder, 0).IsAuthorized(Member, PolkitAction.Attach));
        Assert.Equal(
            "--action-id io.imaged.attach --process 77,1234,1000 --allow-user-interaction\n",
            File.ReadAllText(folder["asked"]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(127)]
    public void Any_other_answer_is_no(int status)
    {
        using TemporaryFolder folder = new();
        Assert.False(Answering(folder, status).IsAuthorized(Member, PolkitAction.Attach));
    }

    [Fact]
    public void A_program_that_is_killed_says_no()
    {
        using TemporaryFolder folder = new();
        Polkit polkit = new(Write(folder, "kill -9 $$"));
        Assert.False(polkit.IsAuthorized(Member, PolkitAction.Attach));
    }

    [Fact]
    public void A_caller_whose_process_is_not_known_is_not_asked_for()
    {
        using TemporaryFolder folder = new();
        Polkit polkit = Answering(folder, 0);
        Assert.False(polkit.IsAuthorized(Member with { Pid = 0 }, PolkitAction.Attach));
        Assert.False(polkit.IsAuthorized(Member with { Started = 0 }, PolkitAction.Attach));
        Assert.False(File.Exists(folder["asked"]));
    }

    [Fact]
    public void Its_yes_gives_members_what_is_root_s_and_strangers_nothing()
    {
        using TemporaryFolder folder = new();
        AccessPolicy policy = new(new Settings(DaemonConfig.Parse(["group = root"])), Answering(folder, 0));
        policy.Check(ManagerInterface.Attach.FullName, Member);
        policy.RequireKernel(Member);
        policy.RequireOwner(1001, Member);
        Assert.Throws<ImagedException>(
            () => policy.Check(ManagerInterface.Attach.FullName, Member with { Groups = [] }));
        Assert.Throws<ImagedException>(() => policy.Check(ManagerInterface.Metrics.FullName, Member));
    }

    [Fact]
    public void Its_no_comes_with_the_action_that_a_rule_would_have_to_allow()
    {
        using TemporaryFolder folder = new();
        AccessPolicy policy = new(new Settings(DaemonConfig.Parse(["group = root"])), Answering(folder, 2));
        ImagedException error =
            Assert.Throws<ImagedException>(() => policy.Check(ManagerInterface.Attach.FullName, Member));
        Assert.Equal(ErrorKind.PermissionDenied, error.Kind);
        Assert.Contains("a rule for the action 'io.imaged.attach'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nobody_is_asked_for_what_is_allowed_anyway()
    {
        using TemporaryFolder folder = new();
        AccessPolicy policy =
            new(
                new Settings(DaemonConfig.Parse(["group = root", "kernel-mounts-for-users = yes"])),
                Answering(folder, 0));
        policy.Check(ManagerInterface.Mount.FullName, Member);
        policy.RequireKernel(Member);
        policy.RequireOwner(1000, Member);
        Assert.False(File.Exists(folder["asked"]));
    }

    [Fact]
    public void The_policy_that_is_installed_has_the_same_actions_and_gives_nothing_away()
    {
        XElement policy = XElement.Load(Path.Combine(Samples.Tree, "packaging", "polkit", "io.imaged.policy"));
        Assert.Equal(PolkitAction.All, policy.Elements("action").Select(action => action.Attribute("id")!.Value));
        Assert.All(
            policy.Descendants("defaults").Elements(),
            answer => Assert.StartsWith("auth_admin", answer.Value, StringComparison.Ordinal));
    }

    private static Polkit Answering(TemporaryFolder folder, int status) =>
        new(Write(folder, $"echo \"$*\" > '{folder["asked"]}'; exit {status}"));

    private static string Write(TemporaryFolder folder, string script)
    {
        string path = folder["pkcheck"];
        File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
        File.SetUnixFileMode(path, (UnixFileMode)0x1ed); // 0755
        return path;
    }
}
