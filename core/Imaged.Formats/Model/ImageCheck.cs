namespace Imaged.Formats.Model;

/// <summary>What a format reports while it checks an image (<see cref="DiskImage.Verify"/>).</summary>
public abstract class ImageCheck
{
    /// <summary>Says how much there is to do.</summary>
    /// <param name="phase">What is checked, in a word or two.</param>
    /// <param name="total">Bytes; 0 when unknown.</param>
    public abstract void Begin(string phase, long total);

    /// <summary>So many bytes more are done. Throws <see cref="OperationCanceledException"/> when the job is to
    /// end.</summary>
    public abstract void Advance(long bytes);

    /// <summary>Something is wrong.</summary>
    /// <param name="offset">Byte offset in the decoded content; null when it has none.</param>
    /// <param name="message">What; no full stop.</param>
    public abstract void Report(long? offset, string message);

    /// <summary>Something was checked and found right, for people: <c>MD5</c>, <c>1,234 sectors</c>.</summary>
    public abstract void Confirm(string what);
}
