using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Floppy;

/// <summary>Puts the sectors of a floppy disk in the order of a raw image: by cylinder, head and number. Most tracks
/// are alike; that layout is that of the disk. Not thread-safe.</summary>
/// <param name="format">Id of the format, for errors.</param>
internal sealed class FloppyDisk(string format)
{
    /// <summary>Most bytes of a disk, and of a file that holds one: far more than was ever made.</summary>
    public const int MaxLength = 16 << 20;

    /// <summary>Highest code of a sector's length, which is 128 shifted left by it: 8 KiB.</summary>
    public const int MaxSizeCode = 6;

    private const int MaxSectors = 1 << 16;

    private readonly List<FloppySector> _sectors = [];
    private long _length;

    /// <summary>Adds a sector.</summary>
    /// <param name="sector">The sector.</param>
    /// <param name="offset">Byte offset of it in the file, for errors.</param>
    /// <exception cref="ImageFormatException">There are more than a disk has, or there is no such head.</exception>
    public void Add(in FloppySector sector, long offset)
    {
        if (sector.Head is not (0 or 1))
        {
            ImageFormatException.Throw(format, offset, $"a track is said to be read by head {sector.Head}");
        }

        _length += sector.Length;
        if (_sectors.Count == MaxSectors || _length > MaxLength)
        {
            ImageFormatException.Throw(
                format, offset, $"there are more than {MaxSectors} sectors, or {MaxLength} bytes of them");
        }

        _sectors.Add(sector);
    }

    /// <summary>The image of all sectors that were added.</summary>
    /// <param name="info">The format.</param>
    /// <param name="details">Further facts, behind those of the layout.</param>
    /// <param name="warnings">Further warnings.</param>
    /// <exception cref="ImageFormatException">There are no sectors, or together they are more than a disk.</exception>
    /// <exception cref="UnsupportedFeatureException">Sectors are of several lengths.</exception>
    public DiskImage Build(
        FormatInfo info, IEnumerable<KeyValuePair<string, string>> details, IEnumerable<string> warnings)
    {
        if (_sectors.Count == 0)
        {
            ImageFormatException.Throw(format, 0, "there are no sectors");
        }

        int size = _sectors[0].Length;
        if (_sectors.Any(sector => sector.Length != size))
        {
            int other = _sectors.First(sector => sector.Length != size).Length;
            UnsupportedFeatureException.Throw(format, $"a disk with sectors of {size} and of {other} bytes");
        }

        (int first, int count) = FindLayout();
        int cylinders = _sectors.Max(sector => sector.Cylinder) + 1;
        int heads = _sectors.Max(sector => sector.Head) + 1;
        long length = (long)cylinders * heads * count * size;
        if (length > MaxLength)
        {
            ImageFormatException.Throw(
                format, 0, $"{cylinders} cylinders, {heads} heads, {count} sectors of {size} bytes are no floppy disk");
        }

        FloppySector?[] placed = new FloppySector?[cylinders * heads * count];
        List<FloppySector> left = Place(placed, first, count, heads);
        byte[] image = new byte[length];
        for (int i = 0; i < placed.Length; i++)
        {
            placed[i]?.Data?.CopyTo(image, i * size);
        }

        return new DiskImage(info, new MemorySource(image))
        {
            Details =
            [
                new(
                    "Geometry",
                    FormattableString.Invariant(
                        $"{cylinders} cylinders, {heads} heads, {count} sectors of {size} bytes")),
                .. details,
            ],
            Warnings = [.. warnings, .. Describe(placed, left, first, count, heads)],
        };
    }

    // First number and count of the sectors of a track, as most tracks have them. Between equals the longer one.
    private (int First, int Count) FindLayout() => _sectors
        .GroupBy(sector => (sector.Cylinder, sector.Head))
        .Select(track => (First: track.Min(sector => sector.Number), Last: track.Max(sector => sector.Number)))
        .GroupBy(track => (track.First, Count: track.Last - track.First + 1))
        .OrderByDescending(layout => layout.Count())
        .ThenByDescending(layout => layout.Key.Count)
        .First().Key;

    // Returns those that have no place. Of two with the same place, one that is good is taken, else the first.
    private List<FloppySector> Place(FloppySector?[] placed, int first, int count, int heads)
    {
        List<FloppySector> left = [];
        foreach (FloppySector sector in _sectors)
        {
            int number = sector.Number - first;
            if (number < 0 || number >= count)
            {
                left.Add(sector);
                continue;
            }

            int at = (((sector.Cylinder * heads) + sector.Head) * count) + number;
            if (placed[at] is not { } other)
            {
                placed[at] = sector;
            }
            else if (IsWorse(other) && !IsWorse(sector))
            {
                placed[at] = sector;
                left.Add(other);
            }
            else
            {
                left.Add(sector);
            }
        }

        return left;
    }

    private static bool IsWorse(in FloppySector sector) =>
        sector.Data is null || sector.State.HasFlag(FloppySectorState.Bad);

    private static IEnumerable<string> Describe(
        FloppySector?[] placed, List<FloppySector> left, int first, int count, int heads)
    {
        (string What, Func<FloppySector?, bool> Is)[] kinds =
        [
            ("not in the image, and read as zero",
                sector => sector is not { } known
                    || (known.Data is null && !known.State.HasFlag(FloppySectorState.Unused))),
            ("left out as the file system did not use them, and read as zero",
                sector => sector is { } known && known.State.HasFlag(FloppySectorState.Unused)),
            ("marked as bad", sector => sector is { Data: not null } known
                && known.State.HasFlag(FloppySectorState.Bad)),
            ("marked as deleted", sector => sector is { } known && known.State.HasFlag(FloppySectorState.Deleted)),
        ];
        foreach ((string what, Func<FloppySector?, bool> isKind) in kinds)
        {
            int[] found = [.. Enumerable.Range(0, placed.Length).Where(i => isKind(placed[i]))];
            if (found.Length > 0)
            {
                int track = found[0] / count;
                yield return Sentence(
                    found.Length, what, track / heads, track % heads, first + (found[0] % count));
            }
        }

        if (left.Count > 0)
        {
            yield return Sentence(
                left.Count, "beside those of other tracks, and left out", left[0].Cylinder, left[0].Head,
                left[0].Number);
        }
    }

    private static string Sentence(int count, string what, int cylinder, int head, int number) =>
        FormattableString.Invariant(
            $"sectors {what}: {count}, the first one is cylinder {cylinder}, head {head}, sector {number}");
}
