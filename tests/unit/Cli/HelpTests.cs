using Imaged.Cli;
using Imaged.Cli.Arguments;
using Imaged.Cli.Verbs;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.Cli;

public sealed class HelpTests
{
    public static TheoryData<string> Verbs => [.. VerbTable.All.Select(verb => verb.Name)];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void The_help_of_a_verb_fits_a_screen(string name) =>
        AssertFits(HelpText.OfVerb(VerbTable.Find(name)!).ToString());

    [Fact]
    public void The_help_of_the_program_fits_a_screen() => AssertFits(HelpText.OfProgram().ToString());

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Option_names_of_a_verb_are_unique(string name)
    {
        IReadOnlyList<OptionSpec> options = VerbTable.Find(name)!.AllOptions;
        Assert.Equal(options.Count, options.Select(option => option.Name).Distinct().Count());
        char[] letters = [.. options.Where(option => option.Short is not null).Select(option => option.Short!.Value)];
        Assert.Equal(letters.Length, letters.Distinct().Count());
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public void Completion_scripts_know_all_verbs_options_and_choices(string shell)
    {
        string script = CompletionVerb.Script(shell);
        foreach (Verb verb in VerbTable.All)
        {
            Assert.Contains(verb.Name, script, StringComparison.Ordinal);
            foreach (OptionSpec option in verb.AllOptions)
            {
                string form = shell == "fish" ? $"-l {option.Name} " : $"--{option.Name}";
                Assert.Contains(form, script, StringComparison.Ordinal);
                Assert.Contains(string.Join(' ', option.Choices), script, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void The_manual_page_tells_of_all_verbs_and_options()
    {
        string page = File.ReadAllText(Path.Combine(Samples.Tree, "packaging", "man", "imagectl.1"))
            .Replace("\\-", "-", StringComparison.Ordinal);
        foreach (Verb verb in VerbTable.All)
        {
            Assert.Contains($"Cm {verb.Name}", page, StringComparison.Ordinal);
            foreach (OptionSpec option in verb.AllOptions)
            {
                Assert.Contains($"Fl Fl {option.Name}", page, StringComparison.Ordinal);
            }
        }
    }

    private static void AssertFits(string text)
    {
        string[] lines = text.TrimEnd('\n').Split('\n');
        Assert.InRange(lines.Length, 3, 32);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 100));
    }
}
