using System.Xml.Linq;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.House;

/// <summary>Who may refer to whom. The rule that matters most: no parser gets into the privileged process.</summary>
public sealed class ProjectFileTests
{
    // Direct references that a production project may have. What is not named here may refer to nothing.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Imaged.Blocks"] = [],
        ["Imaged.Formats"] = ["Imaged.Blocks"],
        ["Imaged.Backup"] = ["Imaged.Formats", "Imaged.Blocks"],
        ["Imaged.Linux"] = ["Imaged.Blocks"],
        ["Imaged.Ipc"] = ["Imaged.Linux"],
        ["Imaged.Fuse"] = ["Imaged.Linux", "Imaged.Blocks", "Imaged.Formats"],
        ["Imaged.Worker"] =
            ["Imaged.Fuse", "Imaged.Formats", "Imaged.Backup", "Imaged.Ipc", "Imaged.Linux", "Imaged.Blocks"],
        ["Imaged.Daemon"] = ["Imaged.Ipc", "Imaged.Linux"],
        ["Imaged.Cli"] = ["Imaged.Ipc", "Imaged.Linux"],
    };

    private static readonly string[] Programs = ["Imaged.Daemon", "Imaged.Cli", "Imaged.Worker"];

    [Fact]
    public void Production_projects_refer_only_to_what_the_architecture_allows()
    {
        foreach ((string name, string path) in SourceTree.ProductionProjects())
        {
            Assert.True(Allowed.TryGetValue(name, out string[]? allowed), $"{name} has no rule yet");
            Assert.Empty(References(path).Except(allowed));
        }
    }

    [Theory]
    [InlineData("Imaged.Daemon")]
    [InlineData("Imaged.Cli")]
    public void No_parser_gets_into_the_daemon_or_the_command_line_by_any_way(string program)
    {
        Dictionary<string, string> projects = SourceTree.ProductionProjects();
        HashSet<string> reached = [];
        Queue<string> open = new([program]);
        while (open.TryDequeue(out string? name))
        {
            foreach (string next in References(projects[name]).Where(reached.Add))
            {
                open.Enqueue(next);
            }
        }

        Assert.DoesNotContain("Imaged.Formats", reached);
        Assert.DoesNotContain("Imaged.Fuse", reached);
        Assert.DoesNotContain("Imaged.Backup", reached);
    }

    [Fact]
    public void The_three_programs_are_published_ahead_of_time_and_nothing_else_is()
    {
        string[] published = [.. SourceTree.ProductionProjects()
            .Where(project => Property(project.Value, "PublishAot") == "true").Select(project => project.Key).Order()];
        Assert.Equal(Programs.Order(), published);
    }

    [Fact]
    public void Versions_of_packages_stand_in_one_file()
    {
        foreach (string path in SourceTree.ProjectFiles())
        {
            Assert.DoesNotContain(
                XDocument.Load(path).Descendants("PackageReference"),
                reference => reference.Attribute("Version") is not null);
        }
    }

    [Fact]
    public void Every_project_has_its_lock_file_and_stands_in_the_solution()
    {
        string solution = File.ReadAllText(Path.Combine(Samples.Tree, "imaged.sln")).Replace('\\', '/');
        foreach (string path in SourceTree.ProjectFiles())
        {
            Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(path)!, "packages.lock.json")), path);
            Assert.Contains(SourceTree.Relative(path), solution, StringComparison.Ordinal);
        }
    }

    private static string[] References(string path) =>
        [.. XDocument.Load(path).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value))];

    private static string? Property(string path, string name) =>
        XDocument.Load(path).Descendants(name).FirstOrDefault()?.Value;
}
