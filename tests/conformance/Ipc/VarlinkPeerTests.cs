using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Imaged.Linux.Sockets;
using Imaged.TestKit;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Imaged.Conformance.Ipc;

/// <summary>Programs that share no code with ours talk to our server.</summary>
public sealed class VarlinkPeerTests
{
    [Fact]
    public void The_go_library_of_varlink_understands_the_service()
    {
        Requires.Tool("go");
        const string Library = "/usr/share/gocode";
        Assert.SkipUnless(
            Directory.Exists(Library + "/src/github.com/varlink/go"), "needs golang-github-varlink-go-dev");
        using TemporaryFolder folder = new();
        string source = Path.Combine(Samples.Tree, "tests", "conformance", "Ipc", "probe.go");
        Tool.Shell(
            $"GO111MODULE=off GOPATH={Library} GOCACHE='{folder["cache"]}' go build -o '{folder["probe"]}' '{source}'");
        using VarlinkServer server = Start(folder["socket"]);
        string[] lines = Tool.Run(folder["probe"], folder["socket"]).Text.TrimEnd('\n').Split('\n');
        Assert.Contains("product imaged", lines);
        foreach (VarlinkMethod method in ManagerInterface.Methods)
        {
            Assert.Contains(lines, line => line.StartsWith($"method {method.FullName} ", StringComparison.Ordinal));
        }

        foreach (string kind in Enum.GetNames<ErrorKind>())
        {
            Assert.Contains($"error io.imaged.Error.{kind}", lines);
        }

        Assert.Contains(lines, line => line.StartsWith("list {\"attachments\":[{", StringComparison.Ordinal));
        Assert.Contains("detach *varlink.Error io.imaged.Error.NothingToDo", lines);
        Assert.Contains(lines, line => line.StartsWith("bark *varlink.MethodNotFound", StringComparison.Ordinal));
    }

    [Fact]
    public void A_python_program_passes_descriptors_and_pipelines_calls()
    {
        Requires.Tool("python3");
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["image"], "12345");
        using VarlinkServer server = Start(folder["socket"]);
        string script = Path.Combine(Samples.Tree, "tests", "conformance", "Ipc", "peer.py");
        string text = Tool.Run("python3", script, folder["socket"], folder["image"]).Text;
        Assert.Equal("sizes 5 5\nbad InvalidParameter image\npipelined 100\nclosed\n", text);
    }

    private static VarlinkServer Start(string path)
    {
        VarlinkInterface manager = new(ManagerInterface.Name, ManagerInterface.Description);
        manager.On(ManagerInterface.List, (_, _) => new AttachmentsReply { Attachments = [new() { Id = "a" }] });
        manager.On(ManagerInterface.Detach, (_, parameters) =>
            throw new ImagedException(ErrorKind.NothingToDo, $"'{parameters.What}' is not attached"));
        manager.On(ManagerInterface.Attach, (call, parameters) =>
        {
            using SafeFileHandle image = call.TakeDescriptor(parameters.Image, "image");
            return new AttachmentReply { Attachment = new() { Size = RandomAccess.GetLength(image) } };
        });
        VarlinkServer server = new(
            UnixSocket.Listen(path, UnixFileMode.UserRead | UnixFileMode.UserWrite),
            new VarlinkService("imaged", "1", manager),
            VarlinkLimits.Server,
            onFault: null);
        server.Start();
        return server;
    }
}
