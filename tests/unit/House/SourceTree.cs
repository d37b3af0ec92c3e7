using Imaged.TestKit;

namespace Imaged.UnitTests.House;

/// <summary>The files of this tree.</summary>
internal static class SourceTree
{
    private static readonly string[] ProductionFolders = ["core", "daemon", "cli", "fuse"];

    /// <summary>Names and paths of the production projects.</summary>
    public static Dictionary<string, string> ProductionProjects() =>
        ProjectFiles().Where(path => ProductionFolders.Contains(TopFolder(path)))
            .ToDictionary(path => Path.GetFileNameWithoutExtension(path)!);

    /// <summary>Paths of all project files.</summary>
    public static IEnumerable<string> ProjectFiles() => Files([.. ProductionFolders, "tests"], ".csproj");

    /// <summary>Paths of all production sources.</summary>
    public static IEnumerable<string> ProductionSources() => Files(ProductionFolders, ".cs");

    /// <summary>Paths of all sources.</summary>
    public static IEnumerable<string> Sources() => Files([.. ProductionFolders, "tests"], ".cs");

    /// <summary>Paths of all documents.</summary>
    public static IEnumerable<string> Documents() =>
        [.. Files([.. ProductionFolders, "tests", "docs"], ".md"), Path.Combine(Samples.Tree, "README.md")];

    /// <summary>Path of the makefile.</summary>
    public static string Makefile => Path.Combine(Samples.Tree, "Makefile");

    /// <summary>A path as it is seen from the root of the tree.</summary>
    public static string Relative(string path) => Path.GetRelativePath(Samples.Tree, path);

    private static string TopFolder(string path) => Relative(path).Split('/')[0];

    private static IEnumerable<string> Files(string[] folders, string extension) =>
        folders.Select(folder => Path.Combine(Samples.Tree, folder)).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*" + extension, SearchOption.AllDirectories))
            .Where(path => !Relative(path).Split('/').Any(part => part is "obj" or "bin"));
}
