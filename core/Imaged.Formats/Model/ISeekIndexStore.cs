namespace Imaged.Formats.Model;

/// <summary>Where formats keep what was dear to find out about a file, and what was dear to decode. The host decides
/// where; it may lose anything at any time. Thread-safe.</summary>
public interface ISeekIndexStore
{
    /// <summary>Longest index in bytes.</summary>
    const int MaxLength = 64 << 20;

    /// <summary>Finds what was saved.</summary>
    /// <param name="key">Tells the content of one file from that of all others.</param>
    /// <returns>The index, not to be trusted; null when there is none. Never throws for the host's sake.</returns>
    byte[]? TryLoad(ReadOnlySpan<byte> key);

    /// <summary>Keeps an index, if it can be kept. Never throws for the host's sake.</summary>
    /// <param name="key">As for <see cref="TryLoad"/>.</param>
    /// <param name="index">At most <see cref="MaxLength"/> bytes.</param>
    void Save(ReadOnlySpan<byte> key, ReadOnlySpan<byte> index);

    /// <summary>A new spool, or null when there is no room for one.</summary>
    ISpool? TryCreateSpool();
}
