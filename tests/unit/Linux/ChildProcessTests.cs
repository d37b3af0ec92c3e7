using Imaged.Linux;
using Imaged.TestKit;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Imaged.UnitTests.Linux;

public sealed class ChildProcessTests
{
    [Fact]
    public void Descriptors_arrive_under_their_numbers_and_no_others_do()
    {
        using TemporaryFolder folder = new();
        using SafeFileHandle a = File.OpenHandle(folder["a"], FileMode.Create, FileAccess.ReadWrite);
        using SafeFileHandle b = File.OpenHandle(folder["b"], FileMode.Create, FileAccess.ReadWrite);
        using ChildProcess process = ChildProcess.Start(
            "/bin/bash", ["-c", "echo three >&3; echo four >&4; exec ls /proc/self/fd >&3"], [(3, b), (4, a)]);
        Assert.True(process.WaitForExit(-1));
        Assert.Equal("four\n", File.ReadAllText(folder["a"]));
        // ls itself holds the directory open, as the lowest free number.
        Assert.Equal("three\n0\n1\n2\n3\n4\n5\n", File.ReadAllText(folder["b"]));
    }

    [Fact]
    public void A_killed_process_has_ended_and_leaves_no_zombie()
    {
        using ChildProcess process = ChildProcess.Start("/bin/sleep", ["1000"], []);
        Assert.False(process.HasExited);
        ulong started = ChildProcess.StartTimeOf(process.Pid);
        using (ChildProcess? adopted = ChildProcess.Adopt(process.Pid, started))
        {
            Assert.NotNull(adopted);
        }

        Assert.Null(ChildProcess.Adopt(process.Pid, started + 1));
        process.Kill();
        Assert.True(process.WaitForExit(-1));
        Assert.Equal(0UL, ChildProcess.StartTimeOf(process.Pid));
    }

    [Fact]
    public void A_program_that_is_not_there_is_an_error_that_names_it()
    {
        LinuxException error = Assert.Throws<LinuxException>(() => ChildProcess.Start("/no/such/program", [], []));
        Assert.Equal(Errno.ENOENT, error.Errno);
        Assert.Contains("/no/such/program", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_do_not_lead_out_of_a_directory()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in"]);
        File.WriteAllText(folder["secret"], "x");
        File.WriteAllText(folder["in/good"], "x");
        File.CreateSymbolicLink(folder["in/link"], "../secret");
        File.CreateSymbolicLink(folder["in/absolute"], folder["secret"]);
        using SafeFileHandle directory = HostPath.OpenDirectory(folder["in"]);
        HostPath.OpenBeneath(directory, "good").Dispose();
        foreach (string name in new[] { "link", "absolute", "../secret", "/etc/passwd" })
        {
            Assert.Throws<LinuxException>(() => HostPath.OpenBeneath(directory, name));
        }
    }
}
