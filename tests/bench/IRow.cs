namespace Imaged.Bench;

/// <summary>One comparison.</summary>
internal interface IRow
{
    /// <summary>For the command line.</summary>
    string Name { get; }

    /// <summary>Measures.</summary>
    void Run(Report report);
}
