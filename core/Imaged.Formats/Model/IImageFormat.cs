namespace Imaged.Formats.Model;

/// <summary>An image format. Static members only: it is registered by one line in <see cref="ImageFormats"/>, never
/// instantiated and never found by reflection.</summary>
public interface IImageFormat
{
    /// <summary>Name, extensions, abilities.</summary>
    static abstract FormatInfo Info { get; }

    /// <summary>Looks at head and tail of the file; never reads more, never throws.</summary>
    static abstract Match Probe(ProbeWindow window);

    /// <summary>Opens the image; must cope with any bytes.</summary>
    /// <exception cref="ImageFormatException">The image is wrong.</exception>
    /// <exception cref="UnsupportedFeatureException">The image is fine, imaged cannot do it.</exception>
    static abstract DiskImage Open(ImageOpener opener);
}
