using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Partclone;

/// <summary>Images of partclone, which Clonezilla and Rescuezilla use: the used blocks of one file system, and a
/// bitmap that tells which ones these are.</summary>
internal sealed class PartcloneFormat : IImageFormat
{
    public static FormatInfo Info { get; } = new(
        "partclone", "used blocks of a file system (partclone, Clonezilla)", [".pcl"], FormatCaps.Read);

    public static Match Probe(ProbeWindow window) =>
        window.Has(0, PartcloneHeader.Magic) && window.Has(PartcloneHeader.VersionOffset, "000"u8)
            ? Match.Strong
            : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        PartcloneHeader header = PartcloneHeader.Read(opener.Content);
        PartcloneBitmap bitmap = PartcloneBitmap.Read(opener.Content, header, opener.Cache);
        PartcloneLayout layout = PartcloneLayout.Of(opener.Content, header, bitmap.UsedCount);
        PartcloneSource source = new(opener.Content, header, bitmap, layout, opener.Cache);
        return new DiskImage(Info, source)
        {
            Details = Describe(header, bitmap),
            Warnings = FindWarnings(opener.Content, header, bitmap, layout),
            Verify = header.Checksum == PartcloneChecksum.Crc32
                ? check => PartcloneCheck.Run(opener.Content, header, bitmap, layout, check)
                : null,
        };
    }

    /// <summary>Throws an <see cref="ImageFormatException"/> of this format.</summary>
    [DoesNotReturn]
    public static void Throw(long offset, string message) => ImageFormatException.Throw(Info.Id, offset, message);

    private static ImmutableArray<KeyValuePair<string, string>> Describe(
        PartcloneHeader header, PartcloneBitmap bitmap)
    {
        string written = header.Writer.Length > 0 ? $" by partclone {header.Writer}" : string.Empty;
        string every = FormattableString.Invariant($" of every {header.BlocksPerChecksum} blocks");
        string checksum = header.Checksum switch
        {
            PartcloneChecksum.None => header.Version == 1 ? "none that can be used" : "none",
            PartcloneChecksum.Crc32 => "CRC-32" + every,
            PartcloneChecksum.XxHash64 => $"XXH64{every} (not checked)",
            _ => $"XXH128{every} (not checked)",
        };
        return
        [
            new("Version", $"{header.Version:D4}{written}"),
            new("File system", header.FileSystem),
            new("Device size", header.DeviceLength.ToString(CultureInfo.InvariantCulture)),
            new("Block size", header.BlockLength.ToString(CultureInfo.InvariantCulture)),
            new("Used blocks", FormattableString.Invariant($"{bitmap.UsedCount} of {header.BlockCount}")),
            new("Checksum", checksum),
        ];
    }

    private static ImmutableArray<string> FindWarnings(
        BlockSource file, PartcloneHeader header, PartcloneBitmap bitmap, PartcloneLayout layout)
    {
        ImmutableArray<string>.Builder warnings = ImmutableArray.CreateBuilder<string>();
        long missing = bitmap.UsedCount - layout.CountIn(file.Length, bitmap.UsedCount);
        if (missing > 0)
        {
            warnings.Add($"the file ends too early: {missing} of {bitmap.UsedCount} used blocks are not in it");
        }

        if (header.UsedCount != bitmap.UsedCount)
        {
            warnings.Add(
                $"the header counts {header.UsedCount} used blocks, the bitmap {bitmap.UsedCount}; the bitmap is used");
        }

        return warnings.ToImmutable();
    }
}
