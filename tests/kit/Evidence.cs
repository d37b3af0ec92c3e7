using Xunit;

namespace Imaged.TestKit;

/// <summary>Notes during a run which tests used which independent programs and which real samples: the table in
/// <c>docs/formats.md</c> is made of that, not of what somebody remembers. Thread-safe.</summary>
internal static class Evidence
{
    private static readonly object Lock = new();
    private static readonly HashSet<string> Noted = [];
    private static readonly string? Target = Environment.GetEnvironmentVariable("IMAGED_EVIDENCE");

    /// <summary>Notes one use by the test that runs; nothing when nobody asked for it.</summary>
    /// <param name="kind"><c>tool</c> or <c>sample</c>.</param>
    /// <param name="name">Name of the program, or of the sample as in the manifest.</param>
    public static void Note(string kind, string name)
    {
        if (Target is not { Length: > 0 } path || TestContext.Current.TestClass is not { } type)
        {
            return;
        }

        string line = $"{type.TestClassName}\t{kind}\t{name}\n";
        lock (Lock)
        {
            if (Noted.Add(line))
            {
                File.AppendAllText(path, line);
            }
        }
    }
}
