using Imaged.Formats.Model;

namespace Imaged.Formats.Codecs;

/// <summary>Something stored that is decoded in one direction. For one thread at a time.</summary>
internal abstract class ForwardDecoder : IDisposable
{
    /// <summary>Decodes on.</summary>
    /// <returns>Bytes written: fewer than the destination holds only at the end, where every check that the format has
    /// was verified; 0 from then on.</returns>
    /// <exception cref="ImageFormatException">What is stored is damaged or cut off.</exception>
    /// <exception cref="UnsupportedFeatureException">The system's library is missing, or decoding takes more memory
    /// than is allowed.</exception>
    public abstract int Read(Span<byte> destination);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the decoder holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
