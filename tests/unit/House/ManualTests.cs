using System.Text.RegularExpressions;
using Imaged.Cli.Helpers;
using Imaged.Daemon.Config;
using Imaged.Formats;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.House;

/// <summary>The manual pages and the default configuration tell of what is there, and of nothing else.</summary>
public sealed partial class ManualTests
{
    private static readonly string[] Keys = FindKeys();

    [Fact]
    public void The_page_of_the_configuration_tells_of_every_key() =>
        Assert.Equal(Keys.Order(), Items(Page("imaged.conf.5"), @"^\.It Cm (\S+) Li ="));

    [Fact]
    public void The_default_configuration_has_every_key_as_a_comment() =>
        Assert.Equal(Keys.Order(), Items(DefaultConfiguration(), @"^#([a-z-]+) ="));

    [Fact]
    public void The_default_configuration_says_what_holds_anyway()
    {
        // Lists are empty unless somebody begins them; what stands there shows how.
        DaemonConfig read = DaemonConfig.Parse(
            DefaultConfiguration().Split('\n').Where(line => !ExampleOfList().IsMatch(line))
                .Select(line => CommentedKey().IsMatch(line) ? line[1..] : line));
        Assert.Empty(read.Problems);
        Assert.Equivalent(new DaemonConfig(), read, strict: true);
    }

    [Fact]
    public void The_page_of_formats_is_that_of_the_tables()
    {
        string page = Page("imaged-formats.7");
        string[] parts = page.Split(".Sh FILE SYSTEMS\n");
        Assert.Equal(
            ImageFormats.All.Select(entry => $"{entry.Info.Id}: {entry.Info.Title}.").Order(), Titles(parts[0]));
        Assert.Equal(
            FileSystems.All.Select(entry => $"{entry.Info.Id}: {entry.Info.Title}").Order(), Titles(parts[1]));
        Assert.Contains(
            $"\n{string.Join(", ", PartitionTables.All.Select(entry => entry.Id))}\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_of_the_mount_helper_tells_of_every_option() =>
        Assert.Equal(
            MountHelper.Known.Order(), Items(Page("mount.imaged.8"), @"^\.It Cm imaged\.([a-z-]+)"));

    [Fact]
    public void The_page_of_the_daemon_tells_of_every_option() =>
        Assert.Equal(
            Items(DaemonOptions.Usage, "^ +--([a-z-]+)"), Items(Page("imaged.8"), @"^\.It Fl Fl ([a-z-]+)"));

    private static string[] FindKeys()
    {
        string[] keys = [.. KeysOf("DaemonConfig.cs"), .. KeysOf("AutomountConfig.cs")];
        Assert.True(keys.Length >= 12, "keys not found: is a switch of the settings written in another way?");
        return keys;
    }

    private static string[] KeysOf(string file) => Items(
        File.ReadAllText(Path.Combine(Samples.Tree, "daemon", "Imaged.Daemon", "Config", file)),
        @"^        ""(group|[a-z]+-[a-z-]+)"" (?:when|=>)");

    private static string DefaultConfiguration() =>
        File.ReadAllText(Path.Combine(Samples.Tree, "packaging", "imaged.conf"));

    private static string Page(string name) =>
        File.ReadAllText(Path.Combine(Samples.Tree, "packaging", "man", name))
            .Replace("\\-", "-", StringComparison.Ordinal)
            .Replace("\\&", string.Empty, StringComparison.Ordinal)
            .Replace("\\(aq", "'", StringComparison.Ordinal);

    private static string[] Items(string text, string pattern) =>
        [.. Regex.Matches(text, pattern, RegexOptions.Multiline).Select(match => match.Groups[1].Value)
            .Distinct().Order()];

    private static string[] Titles(string part) =>
        [.. TitledItem().Matches(part).Select(match => $"{match.Groups[1].Value}: {match.Groups[2].Value}").Order()];

    [GeneratedRegex("^#automount-(allow|names) =")]
    private static partial Regex ExampleOfList();

    [GeneratedRegex("^#[a-z-]+ =")]
    private static partial Regex CommentedKey();

    [GeneratedRegex(@"^\.It Cm (\S+)\n(.*)$", RegexOptions.Multiline)]
    private static partial Regex TitledItem();
}
