using Imaged.Formats.Model;

namespace Imaged.TestKit;

/// <summary>What a format says when it checks an image.</summary>
public sealed class RecordedCheck : ImageCheck
{
    private long _total;
    private long _done;

    private RecordedCheck()
    {
    }

    /// <summary>What was found wrong.</summary>
    public List<(long? Offset, string Message)> Problems { get; } = [];

    /// <summary>What was found right.</summary>
    public List<string> Confirmed { get; } = [];

    /// <summary>Runs the check of an image that has one. Fails when more is done than was announced.</summary>
    public static RecordedCheck Run(DiskImage image)
    {
        RecordedCheck check = new();
        image.Verify!(check);
        return check;
    }

    /// <inheritdoc/>
    public override void Begin(string phase, long total)
    {
        _total = total;
        _done = 0;
    }

    /// <inheritdoc/>
    public override void Advance(long bytes)
    {
        _done += bytes;
        if (bytes < 0 || (_total > 0 && _done > _total))
        {
            throw new InvalidOperationException($"{_done} bytes are done of {_total}");
        }
    }

    /// <inheritdoc/>
    public override void Report(long? offset, string message) => Problems.Add((offset, message));

    /// <inheritdoc/>
    public override void Confirm(string what) => Confirmed.Add(what);
}
