using System.Collections.Immutable;

namespace Imaged.Formats.Model;

/// <summary>How sure a probe is.</summary>
public enum Match
{
    /// <summary>Not this format.</summary>
    No,

    /// <summary>Perhaps; opening it decides.</summary>
    Weak,

    /// <summary>The name says so, and the format has no magic number: opened when no match is strong, and then its
    /// errors are final.</summary>
    Likely,

    /// <summary>A magic number and the checks behind it agree.</summary>
    Strong,
}

/// <summary>What can be done with a format.</summary>
[Flags]
public enum FormatCaps
{
    /// <summary>Nothing but recognising it.</summary>
    None = 0,

    /// <summary>Reading.</summary>
    Read = 1,

    /// <summary>Writing, by <c>convert</c>.</summary>
    Write = 2,

    /// <summary>May refer to a backing file.</summary>
    Backing = 4,

    /// <summary>May be spread over several files.</summary>
    Split = 8,

    /// <summary>Only wraps another image: what is inside is probed again.</summary>
    Wrapper = 16,

    /// <summary>Describes what other files hold: it is looked for beside a file that does not say what it is.</summary>
    Descriptor = 32,

    /// <summary>Keeps earlier states of the disk, one of which may be asked for.</summary>
    Snapshots = 64,
}

/// <summary>What is known of an image format without an image.</summary>
/// <param name="Id">Short lower-case name, as given to <c>--format</c>.</param>
/// <param name="Title">For people.</param>
/// <param name="Extensions">Usual file name extensions with the dot; only a hint.</param>
/// <param name="Caps">What imaged can do with it.</param>
public sealed record FormatInfo(string Id, string Title, ImmutableArray<string> Extensions, FormatCaps Caps);
