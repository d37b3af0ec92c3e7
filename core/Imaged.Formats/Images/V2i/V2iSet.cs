using System.Collections.Immutable;
using System.Globalization;
using System.Xml.Linq;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.V2i;

/// <summary>A volume of a disk.</summary>
/// <param name="FileName">Its base file, without the folder of another machine.</param>
/// <param name="FirstSector">Where it begins on the disk, in sectors of 512 bytes.</param>
internal sealed record V2iVolume(string FileName, long FirstSector);

/// <summary>The list of the volumes of a disk (<c>.sv2i</c>), in XML: an element <c>Volume1</c> and so on for each,
/// with its <c>ImageFile</c> and its place in <c>Segment1</c>.</summary>
internal static class V2iSet
{
    // As many as a boot record has entries.
    private const int MaxVolumes = 4;
    private const long MaxSector = uint.MaxValue;
    private const string Volume = "Volume";
    private const string Segment = "Segment";

    /// <summary>Whether a file begins as one.</summary>
    /// <param name="head">Its first bytes.</param>
    public static bool IsIn(ReadOnlySpan<byte> head) =>
        XmlDescription.Decode(head[..Math.Min(head.Length, 512)]).TrimStart(' ', '\r', '\n').StartsWith(
            "<SDO clsid=\"", StringComparison.Ordinal);

    /// <summary>Reads a list.</summary>
    /// <returns>The volumes by their place on the disk.</returns>
    /// <exception cref="ImageFormatException">It is wrong.</exception>
    /// <exception cref="UnsupportedFeatureException">No boot record can describe the disk, or there are
    /// several.</exception>
    public static ImmutableArray<V2iVolume> Read(BlockSource file)
    {
        List<V2iVolume> volumes = [];
        HashSet<string> disks = [];
        foreach (XElement element in XmlDescription.Load(file, V2iFormat.Info.Id).Descendants())
        {
            // Others have names like 'VolumeLabel'.
            if (IsNumbered(element, Volume) && element.Element("ImageFile") is { } name)
            {
                volumes.Add(ReadVolume(element, BackingFile.BareName(name.Value.Trim()), disks));
            }
        }

        if (volumes.Count == 0)
        {
            V2iFormat.Throw(0, "the list names no volumes");
        }

        if (volumes.Count > MaxVolumes || disks.Count > 1)
        {
            string names = string.Join(" or ", volumes.Take(MaxVolumes).Select(volume => $"'{volume.FileName}'"));
            throw new UnsupportedFeatureException(
                V2iFormat.Info.Id,
                disks.Count > 1
                    ? $"a list of volumes of {disks.Count} disks (open {names})"
                    : $"a list of {volumes.Count} volumes, more than {MaxVolumes} (open {names} ...)");
        }

        return [.. volumes.OrderBy(volume => volume.FirstSector)];
    }

    private static V2iVolume ReadVolume(XElement element, string fileName, HashSet<string> disks)
    {
        XElement[] segments = [.. element.Descendants().Where(child => IsNumbered(child, Segment))];
        if (segments is not [XElement segment])
        {
            throw new UnsupportedFeatureException(
                V2iFormat.Info.Id,
                segments.Length == 0
                    ? $"a list that does not tell the place of its volumes (open '{fileName}')"
                    : $"a volume in {segments.Length} pieces of disks (open '{fileName}')");
        }

        disks.Add(segment.Element("DeviceNumber")?.Value.Trim() ?? string.Empty);
        string place = segment.Element("OffsetOnMedia")?.Value.Trim() ?? string.Empty;
        if (!long.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out long sector)
            || sector is 0 or > MaxSector)
        {
            V2iFormat.Throw(0, $"the volume of '{fileName}' begins at '{place}', which is no sector of a disk");
        }

        return new(fileName, sector);
    }

    private static bool IsNumbered(XElement element, string name) =>
        element.Name.LocalName is var local && local.Length > name.Length
        && local.StartsWith(name, StringComparison.Ordinal)
        && !local.AsSpan(name.Length).ContainsAnyExceptInRange('0', '9');
}
