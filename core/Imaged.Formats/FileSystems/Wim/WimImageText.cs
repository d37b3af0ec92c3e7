using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Xml;
using Imaged.Blocks;

namespace Imaged.Formats.Wim;

/// <summary>What a WIM says of one of its images.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Name">Its name; null when it has none.</param>
/// <param name="Description">What is written of it; null for nothing.</param>
/// <param name="Files">How many files it has, as the text says; null when it does not.</param>
internal sealed record WimImageText(int Number, string? Name, string? Description, string? Files)
{
    // The texts of an installation medium have some KiB for each image.
    private const int MaxLength = 8 << 20;
    private const int MaxTextLength = 1024;

    // Of an image the elements right below it count.
    private const int FieldDepth = 2;

    /// <summary>Reads the texts of all images; what is wrong with them does no harm to the files.</summary>
    public static ImmutableArray<WimImageText> ReadAll(BlockSource part, WimHeader header)
    {
        WimResource xml = header.Xml;
        if (xml.Flags.HasFlag(WimResourceFlags.Compressed) || xml.Length is <= 2 or > MaxLength
            || xml.Offset > part.Length - xml.Length)
        {
            return [];
        }

        ImmutableArray<WimImageText>.Builder images = ImmutableArray.CreateBuilder<WimImageText>();
        string text = Encoding.Unicode.GetString(part.ReadBytes(xml.Offset, (int)xml.Length)).TrimStart('\ufeff');
        try
        {
            // Without document types: they can name files, and grow.
            XmlReaderSettings settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null };
            using StringReader characters = new(text);
            using XmlReader reader = XmlReader.Create(characters, settings);
            while (reader.Read())
            {
                if (reader.NodeType == XmlNodeType.Element && reader.Name == "IMAGE" && reader.Depth == 1)
                {
                    images.Add(ReadImage(reader));
                }
            }
        }
        catch (XmlException)
        {
            // What was read before it stands.
        }

        return images.ToImmutable();
    }

    /// <summary>The image for people.</summary>
    public string Describe()
    {
        StringBuilder text = new(Name ?? "no name");
        if (!string.IsNullOrWhiteSpace(Description) && Description != Name)
        {
            text.Append(CultureInfo.InvariantCulture, $" ({Description})");
        }

        if (Files is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $", {Files} files");
        }

        return text.ToString();
    }

    private static WimImageText ReadImage(XmlReader reader)
    {
        _ = int.TryParse(reader.GetAttribute("INDEX"), CultureInfo.InvariantCulture, out int number);
        Dictionary<string, string> fields = [];
        if (!reader.IsEmptyElement)
        {
            string? field = null;
            while (reader.Read() && reader.Depth > 1)
            {
                if (reader.Depth == FieldDepth)
                {
                    field = reader.NodeType == XmlNodeType.Element ? reader.Name : null;
                }
                else if (reader.NodeType is XmlNodeType.Text && reader.Depth == FieldDepth + 1
                    && field is "NAME" or "DESCRIPTION" or "FILECOUNT" && reader.Value.Length <= MaxTextLength)
                {
                    fields.TryAdd(field, reader.Value.Trim());
                }
            }
        }

        return new(
            number,
            fields.GetValueOrDefault("NAME"),
            fields.GetValueOrDefault("DESCRIPTION"),
            fields.GetValueOrDefault("FILECOUNT"));
    }
}
