using Imaged.Formats.Model;

namespace Imaged.Formats;

/// <summary>An image and what is wrapped in it: a gzip file that holds a qcow2 image, and so on.</summary>
public sealed class ImageStack : IDisposable
{
    /// <summary>How deep images may be nested.</summary>
    public const int MaxLayers = 4;

    private readonly List<DiskImage> _layers = [];

    private ImageStack()
    {
    }

    /// <summary>The images from the outermost to the innermost.</summary>
    public IReadOnlyList<DiskImage> Layers => _layers;

    /// <summary>The innermost image.</summary>
    public DiskImage Innermost => _layers[^1];

    /// <summary>Opens an image and all that it wraps.</summary>
    /// <param name="opener">The file; the password is handed on to the layers inside.</param>
    /// <param name="formatId">Format of the outermost layer; null to find it out.</param>
    /// <exception cref="ImageFormatException">A layer is wrong, or there are too many.</exception>
    /// <exception cref="UnsupportedFeatureException">Imaged cannot read a layer.</exception>
    /// <exception cref="FileNotFoundException">The image has no such snapshot.</exception>
    /// <exception cref="PasswordException">The password is wrong or missing.</exception>
    public static ImageStack Open(ImageOpener opener, string? formatId)
    {
        ImageStack stack = new();
        try
        {
            stack._layers.Add(ImageFormats.Open(opener, formatId));
            while (stack.Innermost.Format.Caps.HasFlag(FormatCaps.Wrapper))
            {
                DiskImage outer = stack.Innermost;
                if (stack._layers.Count == MaxLayers)
                {
                    throw new ImageFormatException(outer.Format.Id, 0, $"images are nested more than {MaxLayers} deep");
                }

                ImageOpener inner = opener with { Content = outer.Content, FileName = string.Empty, Siblings = null };
                stack._layers.Add(ImageFormats.Open(inner, null));
            }

            FormatInfo format = stack.Innermost.Format;
            if (opener.Snapshot is not null && !format.Caps.HasFlag(FormatCaps.Snapshots))
            {
                throw new UnsupportedFeatureException(format.Id, "choosing a snapshot, of which it has none,");
            }

            return stack;
        }
        catch
        {
            stack.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int i = _layers.Count - 1; i >= 0; i--)
        {
            _layers[i].Dispose();
        }
    }
}
