using System.Text;
using System.Text.Json;
using Xunit;

namespace Imaged.E2e;

/// <summary>What one call of <c>imagectl</c> did.</summary>
/// <param name="Line">The command line.</param>
/// <param name="ExitCode">Its exit status, 128 + the signal that ended it.</param>
/// <param name="Bytes">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record CommandResult(string Line, int ExitCode, byte[] Bytes, string Error)
{
    /// <summary>Standard output as text.</summary>
    public string Output => Encoding.UTF8.GetString(Bytes);

    /// <summary>Standard output as JSON.</summary>
    public JsonElement Json
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(Bytes);
            return document.RootElement.Clone();
        }
    }

    /// <summary>It worked and had nothing to complain about.</summary>
    public CommandResult Succeeds()
    {
        Assert.True(ExitCode == 0, ToString());
        Assert.DoesNotContain("Unhandled", Error, StringComparison.Ordinal);
        return this;
    }

    /// <summary>It failed as the table of exit codes says, with one clear sentence.</summary>
    /// <param name="code">The exit code.</param>
    /// <param name="says">A part of the sentence.</param>
    public CommandResult Fails(int code, string says = "")
    {
        Assert.True(ExitCode == code, $"expected {code}: {this}");
        Assert.True(Error.StartsWith("imagectl: ", StringComparison.Ordinal), ToString());
        Assert.Contains(says, Error, StringComparison.OrdinalIgnoreCase);
        string[] lines = Error.TrimEnd('\n').Split('\n');
        Assert.True(lines.Length <= 2, $"more than a sentence and a hint: {this}");
        Assert.DoesNotContain("Exception", Error, StringComparison.Ordinal);
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => $"'{Line}' ended with {ExitCode}\nstdout: {Output}\nstderr: {Error}";
}
