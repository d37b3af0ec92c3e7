using System.Globalization;
using System.Text;
using Imaged.Blocks;

namespace Imaged.Formats.Images.Vmdk;

/// <summary>The text that describes a VMDK: a file of its own, or embedded in a sparse extent (Virtual Disk Format 5.0,
/// "The Descriptor File").</summary>
internal sealed class VmdkDescriptor
{
    /// <summary>The parent's content id of a disk that has no parent.</summary>
    public const uint NoParent = uint.MaxValue;

    private const string Magic = "# disk descriptorfile";
    private const int MaxLength = 1 << 20;
    private const int MaxExtents = 4096;

    private VmdkDescriptor(bool isEmbedded)
    {
        IsEmbedded = isEmbedded;
    }

    /// <summary>Whether it stands inside the only extent that it describes.</summary>
    public bool IsEmbedded { get; }

    /// <summary>How the disk is stored: <c>monolithicSparse</c> …; empty when it is not said.</summary>
    public string CreateType { get; private set; } = string.Empty;

    /// <summary>Identity of the content, which changes with it; null when it is not said.</summary>
    public uint? ContentId { get; private set; }

    /// <summary>Identity of the parent's content; <see cref="NoParent"/> for none.</summary>
    public uint ParentContentId { get; private set; } = NoParent;

    /// <summary>Path of the parent as recorded; null for none.</summary>
    public string? ParentName { get; private set; }

    /// <summary>The extents, in the order in which they make up the disk.</summary>
    public List<VmdkExtentLine> Extents { get; } = [];

    /// <summary>Whether a file begins like a descriptor.</summary>
    public static bool IsDescriptor(ReadOnlySpan<byte> head)
    {
        head = head.StartsWith(Encoding.UTF8.Preamble) ? head[3..] : head;
        head = head.TrimStart(" \t\r\n"u8);
        return head.Length >= Magic.Length
            && Ascii.EqualsIgnoreCase(head[..Magic.Length], Encoding.ASCII.GetBytes(Magic));
    }

    /// <summary>Parses a descriptor.</summary>
    /// <param name="file">The file that holds it.</param>
    /// <param name="offset">Byte offset in the file.</param>
    /// <param name="length">Length in bytes; zeros behind the text are allowed.</param>
    /// <param name="isEmbedded">Whether it stands inside an extent.</param>
    /// <exception cref="Model.ImageFormatException">It is none, or it is too long.</exception>
    public static VmdkDescriptor Parse(BlockSource file, long offset, long length, bool isEmbedded)
    {
        if (length > MaxLength)
        {
            VmdkFormat.Throw(offset, $"the descriptor has {length} bytes, more than {MaxLength}");
        }

        byte[] raw = file.ReadBytes(offset, (int)length);
        if (!IsDescriptor(raw))
        {
            VmdkFormat.Throw(offset, "there is no descriptor");
        }

        int end = raw.AsSpan().IndexOf((byte)0);
        VmdkDescriptor descriptor = new(isEmbedded);
        foreach (string line in Encoding.UTF8.GetString(raw, 0, end < 0 ? raw.Length : end).Split('\n'))
        {
            descriptor.ParseLine(line.Trim());
            if (descriptor.Extents.Count > MaxExtents)
            {
                VmdkFormat.Throw(offset, $"there are more than {MaxExtents} extents");
            }
        }

        return descriptor;
    }

    private static bool TryParseId(string text, out uint id) =>
        uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out id);

    private void ParseLine(string line)
    {
        if (line.StartsWith('#') || line.StartsWith("ddb.", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        if (VmdkExtentLine.TryParse(line) is { } extent)
        {
            Extents.Add(extent);
            return;
        }

        int equals = line.IndexOf('=');
        if (equals < 0)
        {
            return;
        }

        string value = line[(equals + 1)..].Trim().Trim('"');
        switch (line[..equals].Trim().ToUpperInvariant())
        {
            case "CREATETYPE":
                CreateType = value;
                break;
            case "CID" when TryParseId(value, out uint id):
                ContentId = id;
                break;
            case "PARENTCID" when TryParseId(value, out uint id):
                ParentContentId = id;
                break;
            case "PARENTFILENAMEHINT" when value.Length > 0:
                ParentName = value;
                break;
        }
    }
}
