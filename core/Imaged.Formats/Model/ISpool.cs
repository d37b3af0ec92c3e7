namespace Imaged.Formats.Model;

/// <summary>Room for decoded bytes that lasts as long as the image is open. Reading is thread-safe, also while another
/// place is written.</summary>
public interface ISpool : IDisposable
{
    /// <summary>Writes.</summary>
    /// <exception cref="IOException">There is no room left.</exception>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Reads what was written; what was not is zero.</summary>
    /// <exception cref="IOException">The host could not deliver the bytes.</exception>
    void Read(long offset, Span<byte> destination);
}
