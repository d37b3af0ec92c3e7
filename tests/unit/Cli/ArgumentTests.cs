using Imaged.Cli;
using Imaged.Cli.Arguments;
using Imaged.Cli.Verbs;
using Imaged.Ipc.Contract;
using Xunit;

namespace Imaged.UnitTests.Cli;

public sealed class ArgumentTests
{
    [Fact]
    public void Options_may_stand_anywhere_in_all_their_forms()
    {
        ParsedArguments arguments = Parse(
            "mount", "-q", "a.iso", "--partition=2", "--offset",
            "32K", "-onoexec", "/mnt", "-o", "ro", "--as=tree", "--json");
        Assert.Equal(["a.iso", "/mnt"], arguments.Positional);
        Assert.True(arguments.Has(GlobalOptions.Quiet));
        Assert.True(arguments.Has(GlobalOptions.Json));
        Assert.Equal(["noexec", "ro"], MountVerb.SplitOptions(arguments.Text(MountVerb.MountOptions)));
        OpenOptions options = ImageOptions.Read(arguments);
        Assert.Equal((2, 32768L, null), (options.Partition, options.Offset, options.Track));
    }

    [Fact]
    public void What_follows_two_dashes_is_no_option()
    {
        ParsedArguments arguments = Parse("ls", "--", "-l", "--long");
        Assert.Equal(["-l", "--long"], arguments.Positional);
        Assert.False(arguments.Has(LsVerb.Long));
    }

    [Fact]
    public void One_letter_options_may_be_joined()
    {
        ParsedArguments arguments = Parse("ls", "-lR", "-", "x");
        Assert.True(arguments.Has(LsVerb.Long));
        Assert.True(arguments.Has(LsVerb.Recursive));
        Assert.Equal(["-", "x"], arguments.Positional);
    }

    [Theory]
    [InlineData("unknown option", "ls", "--nonsense")]
    [InlineData("unknown option", "ls", "-lx")]
    [InlineData("takes no value", "ls", "--long=yes")]
    [InlineData("needs a value", "ls", "x", "--partition")]
    [InlineData("needs a value", "mount", "x", "-o")]
    [InlineData("is one of", "mount", "--via=magic")]
    [InlineData("is one of", "ls", "--extensions", "JOLIET")]
    public void Nonsense_is_a_usage_error_that_names_it(string says, params string[] arguments)
    {
        CliException error = Assert.Throws<CliException>(() => Parse(arguments));
        Assert.Equal(ExitCode.Usage, error.ExitCode);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--partition", "0")]
    [InlineData("--partition", "-1")]
    [InlineData("--partition", "x")]
    [InlineData("--partition", "99999999999")]
    [InlineData("--track", "100")]
    [InlineData("--offset", "")]
    [InlineData("--offset", "K")]
    [InlineData("--offset", "1.5M")]
    [InlineData("--offset", "9223372036854775807K")]
    [InlineData("--sector-size", "513")]
    public void Numbers_outside_their_range_are_refused(string option, string value)
    {
        ParsedArguments arguments = Parse("info", "x", option, value);
        Assert.Equal(ExitCode.Usage, Assert.Throws<CliException>(() => ImageOptions.Read(arguments)).ExitCode);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("512", 512)]
    [InlineData("2k", 2048)]
    [InlineData("3M", 3145728)]
    [InlineData("4G", 4294967296)]
    [InlineData("8388607T", 9223370937343148032)]
    public void Byte_counts_have_units(string text, long bytes) =>
        Assert.Equal(bytes, ImageOptions.Read(Parse("info", "x", "--size", text)).Size);

    [Theory]
    [InlineData(0, "list")]
    [InlineData(2, "--json", "-v", "list")]
    [InlineData(2, "--socket", "list", "info")]
    [InlineData(1, "--socket=x", "info")]
    [InlineData(-1, "--json")]
    [InlineData(-1)]
    public void The_verb_is_the_first_word_that_belongs_to_no_option(int index, params string[] arguments) =>
        Assert.Equal(index, ArgumentParser.FindVerb(arguments));

    [Theory]
    [InlineData("ls")]
    [InlineData("ls", "a", "b", "c")]
    [InlineData("list", "a")]
    [InlineData("cp", "a", "b")]
    public void Too_few_or_too_many_operands_are_refused_with_the_usage(params string[] arguments)
    {
        CliException error = Assert.Throws<CliException>(
            () => VerbTable.Find(arguments[0])!.CheckOperands(Parse(arguments)));
        Assert.Equal(ExitCode.Usage, error.ExitCode);
        Assert.Contains($"usage: imagectl {arguments[0]}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("umount")]
    [InlineData("umount", "a", "--all")]
    [InlineData("detach")]
    [InlineData("detach", "--all", "a")]
    public void One_is_named_or_all_are_meant(params string[] arguments)
    {
        Verb verb = VerbTable.Find(arguments[0])!;
        ParsedArguments parsed = ArgumentParser.Parse(arguments[1..], verb.AllOptions, "imagectl");
        CliException error = Assert.Throws<CliException>(() => EveryAttachment.IsMeant(verb, parsed));
        Assert.Equal(ExitCode.Usage, error.ExitCode);
        Assert.Contains("--all", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/etc", "/", "/", "etc")]
    [InlineData("/etc/", "/", "/", "etc")]
    [InlineData("/", "/", "/", null)]
    [InlineData("a/..", "/", "/", null)]
    [InlineData("/etc", "/nowhere/copy", "/nowhere", "copy")]
    [InlineData("/", "/copy/", "/", "copy")]
    public void Copies_go_into_a_directory_or_get_its_name(
        string path, string destination, string folder, string? name) =>
        Assert.Equal((folder, name), CpVerb.Target(path, destination));

    [Theory]
    [InlineData("out.iso", "raw")]
    [InlineData("OUT.IMG", "raw")]
    [InlineData("-", "raw")]
    [InlineData("out", "raw")]
    [InlineData("dir.d/out.QCOW2", "qcow2")]
    public void The_output_names_its_format(string output, string format) =>
        Assert.Equal(format, ConvertVerb.FormatOf(output));

    private static ParsedArguments Parse(params string[] arguments)
    {
        Verb verb = VerbTable.Find(arguments[0])!;
        return ArgumentParser.Parse(arguments[1..], verb.AllOptions, "imagectl " + verb.Name);
    }
}
