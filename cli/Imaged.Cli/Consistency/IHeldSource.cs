namespace Imaged.Cli.Consistency;

/// <summary>What a guard keeps from changing; disposing of it lets it go.</summary>
internal interface IHeldSource : IDisposable
{
    /// <summary>When to look again, in milliseconds; -1 for never.</summary>
    int NextLook { get; }

    /// <summary>Keeps it from changing from now on.</summary>
    /// <returns>Where it is read: a path; empty for where it is.</returns>
    /// <exception cref="CliException">It cannot be had.</exception>
    string Hold();

    /// <summary>Whether it still is as it was.</summary>
    /// <returns>A sentence that says why not; null when it is.</returns>
    string? Look();

    /// <summary>Nothing more is read.</summary>
    /// <returns>As <see cref="Look"/>, of the whole time.</returns>
    string? Finish();
}
