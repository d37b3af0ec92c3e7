using System.IO.Enumeration;
using Imaged.Ipc.Contract;

namespace Imaged.Daemon.Config;

/// <summary>A line <c>automount-allow</c>: patterns for what udev knows of a device, all of which must fit.</summary>
internal sealed class DeviceRule
{
    private readonly IReadOnlyList<Term> _terms;

    private DeviceRule(IReadOnlyList<Term> terms)
    {
        _terms = terms;
    }

    /// <summary>One that no device fits.</summary>
    public static DeviceRule Never { get; } = new([new(_ => [], "*")]);

    /// <summary>Reads <c>bus:usb label:BACKUP*</c>; null when it is no such text.</summary>
    public static DeviceRule? Parse(string value)
    {
        List<Term> terms = [];
        foreach (string word in Words.Split(value) ?? [])
        {
            int colon = word.IndexOf(':', StringComparison.Ordinal);
            if (colon < 1 || colon == word.Length - 1 || ReaderOf(word[..colon]) is not { } read)
            {
                return null;
            }

            terms.Add(new(read, word[(colon + 1)..]));
        }

        return terms.Count == 0 ? null : new(terms);
    }

    /// <summary>Whether a device fits.</summary>
    public bool Fits(AutomountDevice device) =>
        _terms.All(term => term.Read(device).Any(text => IsMatch(term.Pattern, text)));

    /// <summary>Whether a text fits a pattern with <c>*</c> and <c>?</c>; case does not matter.</summary>
    internal static bool IsMatch(string pattern, string text) =>
        FileSystemName.MatchesSimpleExpression(pattern, text, ignoreCase: true);

    private static Func<AutomountDevice, IEnumerable<string>>? ReaderOf(string key) => key switch
    {
        "path" => device => [device.Path, .. device.Links],
        "label" => device => Single(device.Label),
        "uuid" => device => Single(device.Uuid),
        "serial" => device => device.Serials,
        "bus" => device => Single(device.Bus),
        _ => null,
    };

    private static IEnumerable<string> Single(string? text) => text is null ? [] : [text];

    private sealed record Term(Func<AutomountDevice, IEnumerable<string>> Read, string Pattern);
}
