using System.Diagnostics.CodeAnalysis;

namespace Imaged.Formats.Model;

/// <summary>The image is wrong: truncated, corrupt, or hostile.</summary>
public sealed class ImageFormatException : IOException
{
    /// <summary>Says what is wrong and where.</summary>
    /// <param name="format">Id of the format, partition table or file system that found it.</param>
    /// <param name="offset">Byte offset of the wrong field in that layer's source.</param>
    /// <param name="message">Field, value, allowed range; no full stop.</param>
    public ImageFormatException(string format, long offset, string message)
        : base($"{format}: {message} (at byte {offset})")
    {
        Format = format;
        Offset = offset;
    }

    /// <summary>Id of the format, partition table or file system that found it.</summary>
    public string Format { get; }

    /// <summary>Byte offset of the wrong field.</summary>
    public long Offset { get; }

    /// <summary>Throws; keeps the throw out of hot code.</summary>
    [DoesNotReturn]
    public static void Throw(string format, long offset, string message) =>
        throw new ImageFormatException(format, offset, message);
}

/// <summary>The image is fine, imaged cannot do it.</summary>
public sealed class UnsupportedFeatureException : IOException
{
    /// <summary>Names the feature.</summary>
    /// <param name="format">Id of the format, partition table or file system.</param>
    /// <param name="feature">What it would take, in the words of the format.</param>
    public UnsupportedFeatureException(string format, string feature)
        : base($"{format}: {feature} is not supported")
    {
        Format = format;
        Feature = feature;
    }

    /// <summary>Id of the format, partition table or file system.</summary>
    public string Format { get; }

    /// <summary>What it would take.</summary>
    public string Feature { get; }

    /// <summary>Throws; keeps the throw out of hot code.</summary>
    [DoesNotReturn]
    public static void Throw(string format, string feature) => throw new UnsupportedFeatureException(format, feature);
}

/// <summary>The image is encrypted, and the password is wrong or missing.</summary>
public sealed class PasswordException : IOException
{
    /// <summary>Says which.</summary>
    /// <param name="format">Id of the format.</param>
    /// <param name="isMissing">Whether none was given.</param>
    public PasswordException(string format, bool isMissing)
        : base($"{format}: {(isMissing ? "the image is encrypted, a password is needed" : "the password is wrong")}")
    {
        Format = format;
        IsMissing = isMissing;
    }

    /// <summary>Id of the format.</summary>
    public string Format { get; }

    /// <summary>Whether none was given.</summary>
    public bool IsMissing { get; }
}
