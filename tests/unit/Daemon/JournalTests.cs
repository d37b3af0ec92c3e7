using System.Buffers.Binary;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Imaged.Cli.Verbs;
using Imaged.Daemon;
using Imaged.Daemon.Journal;
using Imaged.TestKit;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Imaged.UnitTests.Daemon;

public sealed partial class JournalTests
{
    [Fact]
    public void The_parameters_of_a_message_are_fields()
    {
        Dictionary<string, string> entry = Log(logger =>
            DaemonLog.WorkerLost(logger, "abc123", "/srv/a\nb.iso", 1000, 77));
        Assert.Equal("abc123 ('/srv/a\nb.iso' of uid 1000): worker 77 ended; starting another one", entry["MESSAGE"]);
        Assert.Equal("4", entry["PRIORITY"]);
        Assert.Equal("imaged", entry["SYSLOG_IDENTIFIER"]);
        Assert.Equal(MessageIds.All[20], entry["MESSAGE_ID"]);
        Assert.Equal("abc123", entry["IMAGED_ATTACHMENT"]);
        Assert.Equal("/srv/a\nb.iso", entry["IMAGED_IMAGE"]);
        Assert.Equal("1000", entry["IMAGED_UID"]);
        Assert.Equal("77", entry["IMAGED_WORKER"]);
        Assert.Equal(8, entry.Count);
    }

    [Fact]
    public void What_was_thrown_is_a_field_of_its_own()
    {
        Dictionary<string, string> entry = Log(logger =>
            DaemonLog.Fault(logger, "a place", "it broke", new IOException("it broke")));
        Assert.Equal("3", entry["PRIORITY"]);
        Assert.Equal("a place: it broke", entry["MESSAGE"]);
        Assert.Contains("IOException", entry["IMAGED_EXCEPTION"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_journal_that_is_not_there_does_not_stop_the_daemon()
    {
        using TemporaryFolder folder = new();
        using JournalLoggerProvider provider = new(folder["nobody"]);
        DaemonLog.NoGroup(provider.CreateLogger("imaged"), "imaged");
    }

    [Fact]
    public void The_catalogue_explains_every_message_that_has_an_id_with_fields_that_it_has()
    {
        string path = Path.Combine(Samples.Tree, "systemd", "catalog", "imaged.catalog");
        string[] parts = Heading().Split(File.ReadAllText(path));
        Dictionary<string, string> texts = [];
        for (int i = 1; i < parts.Length; i += 2)
        {
            texts.Add(parts[i], parts[i + 1]);
        }

        Assert.Equal(MessageIds.All.Values.Append(BackupRunVerb.FailureId).Order(), texts.Keys.Order());
        Dictionary<int, LoggerMessageAttribute> messages = typeof(DaemonLog)
            .GetMethods(BindingFlags.Static | BindingFlags.Public)
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .OfType<LoggerMessageAttribute>().ToDictionary(message => message.EventId);
        foreach ((int number, string id) in MessageIds.All)
        {
            AssertExplains(
                texts[id],
                Parameter().Matches(messages[number].Message)
                    .Select(match => "IMAGED_" + match.Groups[1].Value.ToUpperInvariant()));
        }

        AssertExplains(
            texts[BackupRunVerb.FailureId], BackupRunVerb.Entry("data", new() { Problem = "why" }).Keys);
    }

    private static void AssertExplains(string text, IEnumerable<string> fields)
    {
        Assert.Matches(@"^\nSubject: [^\n]+\nDefined-By: imaged\nDocumentation: man:[^\n]+\n\n\S", text);
        Assert.All(Field().Matches(text), match => Assert.Contains(match.Groups[1].Value, fields));
    }

    private static Dictionary<string, string> Log(Action<ILogger> write)
    {
        using TemporaryFolder folder = new();
        using Socket journal = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        journal.Bind(new UnixDomainSocketEndPoint(folder["journal"]));
        using JournalLoggerProvider provider = new(folder["journal"]);
        write(provider.CreateLogger("imaged"));
        byte[] buffer = new byte[65536];
        return Parse(buffer.AsSpan(0, journal.Receive(buffer)));
    }

    // As journald does: "NAME=text\n", or "NAME\n", a length of eight bytes, the text, "\n".
    private static Dictionary<string, string> Parse(ReadOnlySpan<byte> bytes)
    {
        Dictionary<string, string> fields = [];
        while (!bytes.IsEmpty)
        {
            int end = bytes.IndexOf((byte)'\n');
            int equals = bytes[..end].IndexOf((byte)'=');
            if (equals >= 0)
            {
                fields.Add(
                    Encoding.UTF8.GetString(bytes[..equals]), Encoding.UTF8.GetString(bytes[(equals + 1)..end]));
                bytes = bytes[(end + 1)..];
                continue;
            }

            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes[(end + 1)..]);
            fields.Add(Encoding.UTF8.GetString(bytes[..end]), Encoding.UTF8.GetString(bytes.Slice(end + 9, length)));
            Assert.Equal((byte)'\n', bytes[end + 9 + length]);
            bytes = bytes[(end + 10 + length)..];
        }

        return fields;
    }

    [GeneratedRegex(@"^-- ([0-9a-f]{32})$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"@(IMAGED_\w+)@")]
    private static partial Regex Field();
}
