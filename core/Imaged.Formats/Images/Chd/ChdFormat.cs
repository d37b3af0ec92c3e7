using System.Collections.Immutable;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical;

namespace Imaged.Formats.Images.Chd;

/// <summary>Compressed hunks of data, the images of MAME: hard disks, CDs, GD-ROMs, DVDs.</summary>
internal sealed class ChdFormat : IImageFormat
{
    /// <summary>Its id, for errors.</summary>
    public const string Id = "chd";

    private static readonly string[] GeometryFields = ["CYLS", "HEADS", "SECS"];

    public static FormatInfo Info { get; } =
        new(Id, "MAME compressed hunks of data", [".chd"], FormatCaps.Read | FormatCaps.Backing);

    public static Match Probe(ProbeWindow window) => ChdHeader.IsChd(window.Head) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        ChdContents contents = ChdContents.Open(opener);
        ChdMetadata metadata = contents.Metadata;
        if (metadata.Has(ChdMetadata.Laserdisc))
        {
            UnsupportedFeatureException.Throw(Id, "a laserdisc");
        }

        ImmutableArray<ChdTrack> tracks = ChdTracks.Read(metadata);
        KeyValuePair<string, string>[] details = [.. Describe(contents)];
        void Verify(ImageCheck check) => ChdCheck.Run(contents, check);
        if (!tracks.IsEmpty)
        {
            List<string> warnings = [];
            Disc disc = ChdLayout.Build(contents.Hunks, tracks, IsGdRom(metadata), warnings);
            return DiscImage.Create(Info, disc, warnings, details, [contents.Hunks], Verify);
        }

        BlockSource content = contents.Hunks.Length == contents.Header.LogicalLength
            ? contents.Hunks
            : new SliceSource(contents.Hunks, 0, contents.Header.LogicalLength, ownsInner: true);
        return metadata.Has(ChdMetadata.Dvd)
            ? DiscImage.Create(Info, ChdLayout.BuildDvd(content), [], details, [content], Verify)
            : new DiskImage(Info, content) { Details = [.. details], Verify = Verify };
    }

    private static bool IsGdRom(ChdMetadata metadata) =>
        metadata.Has(ChdMetadata.GdTrack) || metadata.Has(ChdMetadata.OldGdTrack);

    private static IEnumerable<KeyValuePair<string, string>> Describe(ChdContents contents)
    {
        ChdHeader header = contents.Header;
        yield return new("Version", "5");
        yield return new("Hunk size", header.HunkLength.ToString(CultureInfo.InvariantCulture));
        yield return new(
            "Compression",
            header.IsCompressed
                ? string.Join(", ", header.Codecs.Where(codec => codec != 0).Select(ChdHeader.NameOf))
                : "none");
        foreach (ChdMetadataEntry entry in contents.Metadata.Entries.Where(entry => entry.Tag == ChdMetadata.HardDisk))
        {
            Dictionary<string, string> fields = contents.Metadata.ReadFields(entry, ',');
            string[] sides = [.. GeometryFields.Select(name => fields.GetValueOrDefault(name, "?"))];
            yield return new("Geometry", string.Join('/', sides));
        }

        if (header.Sha1 is { } sha1)
        {
            yield return new("SHA-1", Convert.ToHexStringLower(sha1));
        }

        if (header.ParentSha1 is { } parent)
        {
            yield return new("Parent", Convert.ToHexStringLower(parent));
        }
    }
}
