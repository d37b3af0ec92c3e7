namespace Imaged.Cli.Arguments;

/// <summary>Options that every verb takes.</summary>
internal static class GlobalOptions
{
    public static readonly OptionSpec Json = new("json", null, "print JSON: stable, for programs");
    public static readonly OptionSpec Socket =
        new("socket", "PATH", "where imaged listens (IMAGED_SOCKET)") { IsFile = true };
    public static readonly OptionSpec Quiet = new("quiet", null, "no progress, no warnings") { Short = 'q' };
    public static readonly OptionSpec Verbose = new("verbose", null, "say how it is done") { Short = 'v' };
    public static readonly OptionSpec Help = new("help", null, "this text") { Short = 'h' };
    public static readonly OptionSpec Version = new("version", null, "print the version");

    /// <summary>Of the verbs that take long.</summary>
    public static readonly OptionSpec Progress =
        new("progress", "P", "on standard error: a bar on a terminal, lines of JSON, or nothing")
        {
            Choices = ["bar", "json", "none"],
        };

    public static IReadOnlyList<OptionSpec> All { get; } = [Json, Socket, Quiet, Verbose, Help, Version];
}
