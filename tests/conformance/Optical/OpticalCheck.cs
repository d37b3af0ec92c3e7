using Imaged.Formats.Model;

namespace Imaged.Conformance.Optical;

/// <summary>What a check of an image says.</summary>
internal sealed class OpticalCheck : ImageCheck
{
    /// <summary>Bytes that are to be checked.</summary>
    public long Total { get; private set; }

    /// <summary>Bytes that were checked.</summary>
    public long Advanced { get; private set; }

    /// <summary>What is wrong.</summary>
    public List<(long? Offset, string Message)> Problems { get; } = [];

    /// <summary>What was right.</summary>
    public List<string> Confirmed { get; } = [];

    /// <summary>Checks an image.</summary>
    public static OpticalCheck Run(DiskImage image)
    {
        OpticalCheck check = new();
        image.Verify!(check);
        return check;
    }

    /// <inheritdoc/>
    public override void Begin(string phase, long total) => Total += total;

    /// <inheritdoc/>
    public override void Advance(long bytes) => Advanced += bytes;

    /// <inheritdoc/>
    public override void Report(long? offset, string message) => Problems.Add((offset, message));

    /// <inheritdoc/>
    public override void Confirm(string what) => Confirmed.Add(what);
}
