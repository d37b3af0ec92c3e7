using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>A client that shares no code with ours, minds no rule and runs as the user <c>nobody</c>: hostile.py. In
/// the end the daemon must be the same process and answer.</summary>
internal sealed class HostileClient : IDisposable
{
    /// <summary>The user that it is.</summary>
    public const int Nobody = 65534;

    private readonly string _script;

    private HostileClient(PrivateSystem system)
    {
        System = system;
        _script = system["hostile.py"];
        File.Copy(Path.Combine(Samples.Tree, "tests", "e2e", "hostile.py"), _script);

        // It answers before it has begun to watch the mount table.
        Assert.True(Machine.Eventually(() => Machine.OpenFiles(system.DaemonPid)
            .Any(path => path.EndsWith("/mountinfo", StringComparison.Ordinal))));
        DescriptorsBefore = Descriptors;
    }

    /// <summary>The system whose daemon is tried.</summary>
    public PrivateSystem System { get; }

    /// <summary>How many descriptors the daemon had open at first.</summary>
    public int DescriptorsBefore { get; }

    /// <summary>How many descriptors the daemon has open.</summary>
    public int Descriptors => Machine.OpenFiles(System.DaemonPid).Count();

    /// <summary>A client of a daemon that lets it in.</summary>
    /// <param name="configuration">More lines for its configuration.</param>
    public static HostileClient Start(params string[] configuration)
    {
        Requires.Tool("setpriv", "python3");
        return new(PrivateSystem.Start(["group = nogroup", .. configuration]));
    }

    /// <summary>A message that asks for a mount.</summary>
    public static JsonObject Mount(int image = 0, string path = "/image") => new()
    {
        ["method"] = "io.imaged.Manager.Mount",
        ["parameters"] = new JsonObject
        {
            ["image"] = image,
            ["path"] = path,
            ["options"] = new JsonObject(),
            ["via"] = "auto",
            ["view"] = "auto",
            ["mountOptions"] = new JsonArray(),
        },
    };

    /// <summary>Sends a message; the answer must be this error.</summary>
    public void IsRefused(string error, JsonObject message, params string[] descriptors)
    {
        JsonNode answer = Answer(message, descriptors);
        Assert.True(answer["error"]?.GetValue<string>() == error, answer.ToJsonString());
    }

    /// <summary>Sends a message; returns the answer.</summary>
    public JsonNode Answer(JsonObject message, params string[] descriptors)
    {
        CommandResult result = Run(["call", message.ToJsonString(), .. descriptors]);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.NotEqual("closed\n", result.Output);
        return JsonNode.Parse(result.Output)!;
    }

    /// <summary>Sends a message many times at once; how often which error came, or none ("done").</summary>
    public Dictionary<string, int> Flood(int count, JsonObject message, params string[] descriptors)
    {
        CommandResult result =
            Run(["flood", count.ToString(CultureInfo.InvariantCulture), message.ToJsonString(), .. descriptors]);
        Assert.True(result.ExitCode == 0, result.ToString());
        return JsonSerializer.Deserialize<Dictionary<string, int>>(result.Output)!;
    }

    /// <summary>Runs it.</summary>
    public CommandResult Run(params string[] arguments)
    {
        using RunningCommand command = Begin(arguments);
        return command.Finish();
    }

    /// <summary>Starts it.</summary>
    public RunningCommand Begin(params string[] arguments) =>
        System.BeginAsNobody("/usr/bin/env", ["python3", _script, System.Socket, .. arguments]);

    /// <summary>A new directory of its own.</summary>
    public string OwnFolder(string name)
    {
        string folder = Directory.CreateDirectory(System[name]).FullName;
        Tool.Run("chown", "nobody", folder);
        return folder;
    }

    /// <summary>Ends with a look at the daemon: alive, with nothing of the client left.</summary>
    public void Dispose()
    {
        try
        {
            if (!System.HasFailed)
            {
                System.Run("list").Succeeds();
                Assert.True(
                    Machine.Eventually(() => Descriptors <= DescriptorsBefore),
                    $"descriptors left: {string.Join(' ', Machine.OpenFiles(System.DaemonPid))}");
            }
        }
        finally
        {
            System.Dispose();
        }
    }
}
