using System.Text;
using System.Xml;
using System.Xml.Linq;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Mapping;

/// <summary>Descriptions of disks in XML: short, without document types, and of little depth.</summary>
internal static class XmlDescription
{
    private const int MaxLength = 1 << 20;
    private const int MaxDepth = 32;

    /// <summary>Text in UTF-8, or in little-endian UTF-16, with or without a byte order mark.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        bool isWide = bytes is [0xFF, 0xFE, ..] or [(byte)'<', 0, ..];
        return (isWide ? Encoding.Unicode : Encoding.UTF8).GetString(bytes).TrimStart('\uFEFF');
    }

    /// <summary>Reads a description.</summary>
    /// <param name="file">The file, at most 1 MiB.</param>
    /// <param name="format">Id of the format, for errors.</param>
    /// <exception cref="ImageFormatException">It is no XML, longer, or deeper.</exception>
    public static XElement Load(BlockSource file, string format)
    {
        if (file.Length > MaxLength)
        {
            ImageFormatException.Throw(
                format, 0, $"the description has {file.Length} bytes, more than {MaxLength}");
        }

        // Document types can name files, and grow.
        XmlReaderSettings settings = new()
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersInDocument = MaxLength,
        };
        string text = Decode(file.ReadBytes(0, (int)file.Length));
        try
        {
            CheckDepth(text, settings, format);
            using XmlReader reader = XmlReader.Create(new StringReader(text), settings);
            return XElement.Load(reader);
        }
        catch (XmlException error)
        {
            throw new ImageFormatException(format, 0, $"the description is no XML: {error.Message.TrimEnd('.')}");
        }
    }

    // Elements in elements in elements could exhaust the stack.
    private static void CheckDepth(string text, XmlReaderSettings settings, string format)
    {
        using XmlReader reader = XmlReader.Create(new StringReader(text), settings);
        while (reader.Read())
        {
            if (reader.Depth > MaxDepth)
            {
                ImageFormatException.Throw(format, 0, $"the description has elements more than {MaxDepth} deep");
            }
        }
    }
}
