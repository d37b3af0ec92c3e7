namespace Imaged.Cli.Output;

/// <summary>How it is shown how far a long call is.</summary>
internal enum ProgressStyle
{
    /// <summary>A bar, when standard error is a terminal.</summary>
    Bar,

    /// <summary>Lines of JSON.</summary>
    Json,

    /// <summary>Not at all.</summary>
    None,
}
