using System.Text.RegularExpressions;
using Xunit;

namespace Imaged.UnitTests.House;

/// <summary>Rules for source files that no analyzer knows.</summary>
public sealed partial class SourceRuleTests
{
    private const int MaxLines = 450;  // "about 400"
    private const int MaxColumns = 120;

    [Fact]
    public void Files_stay_near_four_hundred_lines() =>
        AssertNone(SourceTree.Sources()
            .Select(path => (Path: SourceTree.Relative(path), Lines: File.ReadLines(path).Count()))
            .Where(file => file.Lines > MaxLines).Select(file => $"{file.Path}: {file.Lines} lines"));

    [Fact]
    public void Lines_have_at_most_a_hundred_and_twenty_columns() =>
        AssertNone(LinesWhere(
            [.. SourceTree.Sources(), .. SourceTree.Documents(), SourceTree.Makefile],

            // Rows of tables cannot be wrapped.
            line => line.Length > MaxColumns && !line.StartsWith('|')));

    [Fact]
    public void System_calls_are_declared_in_the_linux_library_and_decoders_in_the_codecs() =>
        AssertNone(LinesWhere(
            SourceTree.ProductionSources()
                .Where(path => !IsIn(path, "core/Imaged.Linux/", "core/Imaged.Formats/Codecs/")),
            NativeImport().IsMatch));

    [Fact]
    public void Only_the_linux_library_uses_the_system_call_package() =>
        AssertNone(LinesWhere(
            SourceTree.ProductionSources().Where(path => !IsIn(path, "core/Imaged.Linux/")),
            line => line.Contains("using Tmds.Linux", StringComparison.Ordinal)));

    [Fact]
    public void Formats_open_no_path_start_no_thread_and_read_no_clock() =>
        AssertNone(LinesWhere(
            SourceTree.ProductionSources().Where(path => IsIn(path, "core/Imaged.Formats/")), HostUse().IsMatch));

    [Fact]
    public void Production_code_uses_no_reflection() =>
        AssertNone(LinesWhere(SourceTree.ProductionSources(), Reflection().IsMatch));

    // The runtime's takes EROFS for success; see FileCache.
    [Fact]
    public void Files_are_flushed_by_the_linux_library() =>
        AssertNone(LinesWhere(
            SourceTree.ProductionSources(),
            line => line.Contains("RandomAccess.FlushToDisk", StringComparison.Ordinal)
                || line.Contains("Flush(true)", StringComparison.Ordinal)
                || line.Contains("flushToDisk:", StringComparison.Ordinal)));

    private static bool IsIn(string path, params string[] folders) =>
        folders.Any(folder => SourceTree.Relative(path).StartsWith(folder, StringComparison.Ordinal));

    // Comments may say what they like.
    private static IEnumerable<string> LinesWhere(IEnumerable<string> paths, Func<string, bool> condition) =>
        paths.SelectMany(path => File.ReadLines(path)
            .Select((line, index) => (Path: path, Number: index + 1, Line: line)))
            .Where(item => condition(item.Line)
                && (item.Line.Length > MaxColumns || !item.Line.TrimStart().StartsWith("//", StringComparison.Ordinal)))
            .Select(item => $"{SourceTree.Relative(item.Path)}:{item.Number}: {item.Line.Trim()}");

    private static void AssertNone(IEnumerable<string> found)
    {
        string list = string.Join('\n', found);
        Assert.True(list.Length == 0, list);
    }

    [GeneratedRegex(@"\[\s*(LibraryImport|DllImport)\b|NativeLibrary\.")]
    private static partial Regex NativeImport();

    [GeneratedRegex(
        @"\bFile\.(Open|Read|Write|Exists|Create)|\bnew (FileStream|Thread)\b|\bTask\.Run\b|\.(Utc)?Now\b")]
    private static partial Regex HostUse();

    [GeneratedRegex(
        @"\bActivator\.|\bMakeGenericType\b|\bAssembly\.(Load|GetTypes)|\bExpression\.Lambda\b")]
    private static partial Regex Reflection();
}
