using Imaged.Daemon.Attachments;
using Imaged.Daemon.Config;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Imaged.Linux.Sockets;
using Xunit;

namespace Imaged.UnitTests.Daemon;

public sealed class ConfigTests
{
    private static readonly Polkit Nobody = new("/no/such/pkcheck");
    private static readonly PeerCredentials Root = new(0, 0, [], 1);
    private static readonly PeerCredentials User = new(1000, 1000, [], 1);

    [Fact]
    public void Wrong_lines_are_told_by_number_and_the_rest_is_used()
    {
        DaemonConfig config = DaemonConfig.Parse(
        [
            "# a comment",
            "max-attachments = 7   # behind a value",
            "nonsense",
            "worker-memory = 1",
            "kernel-mounts-for-users = yes",
            "colour = blue",
        ]);
        Assert.Equal(7, config.MaxAttachments);
        Assert.True(config.KernelMountsForUsers);
        Assert.Equal(new DaemonConfig().WorkerMemory, config.WorkerMemory);
        Assert.Equal(3, config.Problems.Count);
        Assert.StartsWith("line 3:", config.Problems[0], StringComparison.Ordinal);
        Assert.StartsWith("line 4:", config.Problems[1], StringComparison.Ordinal);
        Assert.StartsWith("line 6:", config.Problems[2], StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_means_the_defaults() =>
        Assert.Equal(new DaemonConfig(), DaemonConfig.Load("/no/such/file"));

    [Fact]
    public void Every_method_of_the_manager_has_an_entry_in_the_table() =>
        Assert.All(
            ManagerInterface.Methods, method => Assert.True(AccessPolicy.Knows(method.FullName), method.FullName));

    [Fact]
    public void A_caller_outside_the_group_is_refused_and_root_never_is()
    {
        AccessPolicy policy = Policy("group = no-such-group-here");
        Assert.Null(policy.Group);
        policy.Check(ManagerInterface.Attach.FullName, Root);
        ImagedException error =
            Assert.Throws<ImagedException>(() => policy.Check(ManagerInterface.List.FullName, User));
        Assert.Equal(ErrorKind.PermissionDenied, error.Kind);
    }

    [Fact]
    public void A_member_may_mount_but_not_attach()
    {
        AccessPolicy policy = Policy("group = root");
        PeerCredentials member = User with { Groups = [0] };
        policy.Check(ManagerInterface.Mount.FullName, member);
        Assert.Throws<ImagedException>(() => policy.Check(ManagerInterface.Attach.FullName, member));
        Assert.False(policy.MayUseKernel(member));
        Assert.True(policy.MayUseKernel(Root));
    }

    [Fact]
    public void What_one_user_attached_is_not_another_s()
    {
        AccessPolicy policy = Policy();
        policy.RequireOwner(1000, User);
        policy.RequireOwner(1000, Root);
        Assert.Throws<ImagedException>(() => policy.RequireOwner(1001, User));
    }

    [Fact]
    public void Mounts_are_read_only_without_set_id_and_devices_unless_root_says_otherwise()
    {
        const MountAttributes usual = MountAttributes.ReadOnly | MountAttributes.NoSuid | MountAttributes.NoDev;
        Assert.Equal(usual, MountOptions.Parse([], isRoot: false));
        Assert.Equal(usual | MountAttributes.NoExec, MountOptions.Parse(["noexec", "ro"], isRoot: false));
        Assert.Equal(MountAttributes.ReadOnly, MountOptions.Parse(["suid", "dev"], isRoot: true));
        Assert.Equal(ErrorKind.PermissionDenied, Refusal("suid"));
        Assert.Equal(ErrorKind.Unsupported, Refusal("rw"));
        Assert.Equal(ErrorKind.InvalidArgument, Refusal("colour=blue"));
    }

    [Fact]
    public void A_user_has_a_limit_of_attachments_and_gets_reserved_ones_back()
    {
        AttachmentTable table = new(new Settings(DaemonConfig.Parse(["max-attachments-per-user = 2"])));
        string first = table.Reserve(1000);
        string second = table.Reserve(1000);
        Assert.NotEqual(first, second);
        Assert.Equal(ErrorKind.LimitExceeded, Assert.Throws<ImagedException>(() => table.Reserve(1000)).Kind);
        table.Reserve(1001);
        table.Release(first);
        table.Reserve(1000);
    }

    [Fact]
    public void A_file_that_is_read_again_holds_for_what_comes_and_a_wrong_one_changes_nothing()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "group = root\nmax-attachments-per-user = 1\n");
            Settings settings = new(file);
            AccessPolicy policy = new(settings, Nobody);
            AttachmentTable table = new(settings);
            PeerCredentials member = User with { Groups = [0] };
            policy.Check(ManagerInterface.Mount.FullName, member);
            table.Reserve(1000);
            Assert.Throws<ImagedException>(() => table.Reserve(1000));

            Write(file, "max-attachments-per-user = 2\ncolour = blue\ngroup = daemon\n");
            Assert.True(settings.IsOutdated);
            Assert.StartsWith("line 2:", Assert.Single(settings.Reload()), StringComparison.Ordinal);
            Assert.True(settings.IsOutdated);
            Assert.Throws<ImagedException>(() => table.Reserve(1000));
            policy.Check(ManagerInterface.Mount.FullName, member);

            Write(file, "max-attachments-per-user = 2\ngroup = daemon\nkernel-mounts-for-users = yes\n");
            Assert.Empty(settings.Reload());
            Assert.False(settings.IsOutdated);
            table.Reserve(1000);
            Assert.True(policy.MayUseKernel(User));
            Assert.Throws<ImagedException>(() => policy.Check(ManagerInterface.Mount.FullName, member));

            File.Delete(file);
            Assert.True(settings.IsOutdated);
            Assert.Empty(settings.Reload());
            Assert.Equal(new DaemonConfig().MaxAttachmentsPerUser, settings.Current.MaxAttachmentsPerUser);
        }
        finally
        {
            File.Delete(file);
        }

        // The stamp of a file has the resolution of the kernel's clock.
        static void Write(string file, string text)
        {
            DateTime before = File.GetLastWriteTimeUtc(file);
            File.WriteAllText(file, text);
            File.SetLastWriteTimeUtc(file, before.AddSeconds(1));
        }
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a'b", "a'b")]
    [InlineData("a\u001b[31mb\n", "a\\u001b[31mb\\u000a")]
    [InlineData("a\u202eb", "a\\u202eb")]
    public void Control_characters_do_not_reach_the_journal(string text, string escaped) =>
        Assert.Equal(escaped, Imaged.Daemon.Text.Escape(text));

    private static AccessPolicy Policy(params string[] lines) =>
        new(new Settings(DaemonConfig.Parse(lines)), Nobody);

    private static ErrorKind Refusal(string option) =>
        Assert.Throws<ImagedException>(() => MountOptions.Parse([option], isRoot: false)).Kind;
}
