using Imaged.Fuzz;
using Xunit;

namespace Imaged.UnitTests.House;

/// <summary>What a parser once fell over, it takes today.</summary>
public sealed class CrashTests
{
    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Inputs_that_the_fuzzer_found_do_no_harm_any_more(string target)
    {
        foreach (string path in CrashStore.Files(target))
        {
            string? fault = CrashStore.Describe(FuzzTargets.Find(target), CrashStore.Load(path));
            Assert.True(fault is null, $"{path}: {fault}");
        }
    }

    [Fact]
    public void Every_folder_of_crashes_belongs_to_a_target() =>
        Assert.Empty((Directory.Exists(CrashStore.Root) ? Directory.GetDirectories(CrashStore.Root) : [])
            .Select(path => Path.GetFileName(path)!).Except(FuzzTargets.All.Select(target => target.Name)));
}
