using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Imaged.Cli.Hosting;
using Imaged.Cli.Jobs;
using Imaged.Linux;

namespace Imaged.Cli.Output;

/// <summary>Standard output and standard error of a verb.</summary>
/// <param name="Json">Print JSON.</param>
/// <param name="Quiet">No progress, no warnings.</param>
/// <param name="Verbose">Say how it is done.</param>
internal sealed record Printer(bool Json, bool Quiet, bool Verbose)
{
    /// <summary>How it is shown how far a long call is.</summary>
    public ProgressStyle Progress { get; init; }

    /// <summary>What messages begin with.</summary>
    public static string Program { get; set; } = "imagectl";

    /// <summary>Prints text.</summary>
    public static void Write(StringBuilder text) => Write(text.ToString());

    /// <summary>Prints text.</summary>
    public static void Write(string text)
    {
        Job.Current?.Note(text.TrimEnd('\n'));
        Write(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Prints a value as one line of JSON, in ASCII: safe for any terminal.</summary>
    public static void WriteJson<T>(T value, JsonTypeInfo<T> type)
    {
        using MemoryStream stream = new();
        JsonSerializer.Serialize(stream, value, type);
        stream.WriteByte((byte)'\n');
        Write(stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    /// <summary>Something worth knowing that is no failure.</summary>
    public void Warn(string sentence)
    {
        if (!Quiet)
        {
            Message("warning: " + sentence);
        }
    }

    /// <summary>How it is done.</summary>
    public void Explain(string sentence)
    {
        if (Verbose)
        {
            Message(sentence);
        }
    }

    /// <summary>A sentence on standard error.</summary>
    public static void Message(string sentence)
    {
        Job.Current?.Note(SafeText.Sentence(sentence));
        try
        {
            StandardStream.Error.Write(Encoding.UTF8.GetBytes($"{Program}: {SafeText.Sentence(sentence)}\n"));
        }
        catch (LinuxException)
        {
            // Nobody is there to read it.
        }
    }

    private static void Write(ReadOnlySpan<byte> text)
    {
        try
        {
            StandardStream.Output.Write(text);
        }
        catch (LinuxException error) when (error.Errno == Errno.EIO && Interrupts.IsHungUp)
        {
            // The terminal is gone, and the job went on: its record has the text.
        }
    }
}
