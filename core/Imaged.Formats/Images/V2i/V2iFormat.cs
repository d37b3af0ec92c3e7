using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.V2i;

/// <summary>Recovery points of V2i Protector, Norton Ghost 9 to 15, Backup Exec System Recovery and Symantec System
/// Recovery: the used sectors of one volume, in compressed blocks, in one file or in several beside each
/// other.</summary>
internal sealed class V2iFormat : IImageFormat
{
    private const string BaseExtension = ".v2i";
    private const string IncrementExtension = ".iv2i";

    public static FormatInfo Info { get; } = new(
        "v2i",
        "recovery point (Norton Ghost 9 to 15, Symantec System Recovery)",
        [BaseExtension, IncrementExtension, ".sv2i", ".pqi"],
        FormatCaps.Read | FormatCaps.Split);

    public static Match Probe(ProbeWindow window) =>
        window.Has(0, V2iHeader.BlockMagic) || IsBase(window) || V2iSet.IsIn(window.Head) ? Match.Strong : Match.No;

    /// <summary>Whether a file is a base file: what Drive Image wrote may have the same first bytes.</summary>
    public static bool IsBase(ProbeWindow window) =>
        window.Has(0, V2iHeader.BaseMagic)
        && (V2iMetadata.IsIn(window.Head) || window.HasExtension([BaseExtension, IncrementExtension]));

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource file = opener.Content;
        ProbeWindow window = ProbeWindow.Read(file, opener.FileName);
        if (V2iSet.IsIn(window.Head))
        {
            return V2iDisk.Open(opener);
        }

        RefuseOthers(window, opener.FileName);
        if (file.Length < V2iHeader.SlotLength)
        {
            Throw(0, $"the file has {file.Length} bytes, less than one block: it was cut off");
        }

        byte[] slot = file.ReadBytes(0, V2iHeader.SlotLength);
        V2iHeader header = V2iHeader.Parse(slot, 0);
        if (!header.IsBase || Crc32.HashToUInt32(slot.AsSpan(V2iHeader.Length)) != header.PayloadCrc)
        {
            Throw(V2iHeader.Length, "the first block is damaged: its CRC is wrong");
        }

        CheckPassword(opener, Info.Id, header.PasswordCrc);
        V2iMetadata metadata = V2iMetadata.Parse(slot, header);
        V2iFiles files = V2iFiles.Open(opener, header, metadata);
        V2iStream stream = new(file, files, metadata, opener.Cache);
        if (header.PasswordCrc != 0)
        {
            RefuseEncrypted(stream);
        }

        V2iMap map = V2iMap.Read(stream, metadata);
        return new DiskImage(Info, new V2iSource(stream, map, metadata.Data.Offset, opener.Cache))
        {
            Details = Describe(header, metadata, files, map),
            Verify = check => V2iCheck.Run(files, metadata, check),
        };
    }

    /// <summary>Throws unless the password that the user gave is the one of the image, or the image has none. The
    /// check value is the CRC-32 of the password in UTF-16.</summary>
    /// <param name="opener">Has the password.</param>
    /// <param name="format">Id of the format.</param>
    /// <param name="stored">The check value; 0 when there is no password.</param>
    /// <exception cref="PasswordException">It is wrong or missing.</exception>
    public static void CheckPassword(ImageOpener opener, string format, uint stored)
    {
        if (stored == 0)
        {
            return;
        }

        string password = Encoding.UTF8.GetString(opener.RequirePassword(format));
        if (Crc32.HashToUInt32(Encoding.Unicode.GetBytes(password)) != stored)
        {
            throw new PasswordException(format, isMissing: false);
        }
    }

    /// <summary>Throws an <see cref="ImageFormatException"/> of this format.</summary>
    [DoesNotReturn]
    public static void Throw(long offset, string message) => ImageFormatException.Throw(Info.Id, offset, message);

    // Files of the family that hold no whole volume.
    private static void RefuseOthers(ProbeWindow window, string fileName)
    {
        if (window.Has(0, V2iHeader.BlockMagic))
        {
            Throw(0, V2iFiles.BaseOf(fileName) is { } name
                ? $"this is a span of an image; open the base file '{name}'"
                : "this is a span of an image; open its base file");
        }

        if (window.HasExtension([IncrementExtension]))
        {
            UnsupportedFeatureException.Throw(Info.Id, "an incremental recovery point (.iv2i)");
        }
    }

    // Whether a password also encrypts was never documented: the first block tells.
    private static void RefuseEncrypted(V2iStream stream)
    {
        try
        {
            stream.ReadBytes(V2iHeader.PayloadLength, 1);
        }
        catch (IOException)
        {
            UnsupportedFeatureException.Throw(Info.Id, "the password is right, but the encryption of the image");
        }
    }

    private static ImmutableArray<KeyValuePair<string, string>> Describe(
        V2iHeader header, V2iMetadata metadata, V2iFiles files, V2iMap map)
    {
        ImmutableArray<KeyValuePair<string, string>>.Builder details =
            ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        details.Add(new("Version", FormattableString.Invariant($"{header.Version.Major}.{header.Version.Minor}")));
        details.Add(new("Files", metadata.FileCount.ToString(CultureInfo.InvariantCulture)));
        details.Add(new("Blocks", files.BlockCount.ToString(CultureInfo.InvariantCulture)));
        details.Add(new("Used sectors", FormattableString.Invariant(
            $"{metadata.Data.Length / V2iMap.SectorLength} of {map.SectorCount}")));
        if (metadata.FirstSector is { } first)
        {
            details.Add(new("First sector", first.ToString(CultureInfo.InvariantCulture)));
        }

        if (header.PasswordCrc != 0)
        {
            details.Add(new("Password", "set"));
        }

        return details.ToImmutable();
    }
}
