using Imaged.Cli.Output;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl completion</c>.</summary>
internal sealed class CompletionVerb : Verb
{
    public override string Name => "completion";

    public override string Operands => "bash|zsh|fish";

    public override string Summary => "print the script that completes arguments in a shell";

    public override bool IsForUnits => true;

    public override IReadOnlyList<string> Examples =>
        ["imagectl completion bash > ~/.local/share/bash-completion/completions/imagectl"];

    public override int Run(VerbCall call)
    {
        string shell = call.Positional(0)!;
        if (shell is not ("bash" or "zsh" or "fish"))
        {
            throw new CliException(ExitCode.Usage, $"there are scripts for bash, zsh and fish, not for '{shell}'");
        }

        Printer.Write(Script(shell));
        return ExitCode.Done;
    }

    /// <summary>The script of a shell, the same that the packages install.</summary>
    internal static string Script(string shell)
    {
        using Stream stream = typeof(CompletionVerb).Assembly.GetManifestResourceStream($"completion.{shell}")
            ?? throw new FileNotFoundException($"the script for {shell} is not embedded");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
