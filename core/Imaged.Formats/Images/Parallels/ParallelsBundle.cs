using System.Collections.Immutable;
using System.Globalization;
using System.Xml.Linq;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Parallels;

/// <summary>A file that holds a part of a disk as of one snapshot.</summary>
/// <param name="Snapshot">The snapshot.</param>
/// <param name="IsPlain">Whether it is a raw image; else it has clusters.</param>
/// <param name="FileName">Its name.</param>
internal sealed record ParallelsImage(Guid Snapshot, bool IsPlain, string FileName);

/// <summary>A part of a disk.</summary>
/// <param name="Begin">Its first sector.</param>
/// <param name="End">The sector behind its last one.</param>
/// <param name="Images">Its files, one for each snapshot.</param>
internal sealed record ParallelsStorage(long Begin, long End, ImmutableArray<ParallelsImage> Images);

/// <summary>The description of a disk that is a folder of files, <c>DiskDescriptor.xml</c>.</summary>
/// <param name="Storages">The parts, by their place in the disk.</param>
/// <param name="Chain">Snapshots from the newest to the oldest, each the parent of the one before.</param>
internal sealed record ParallelsBundle(ImmutableArray<ParallelsStorage> Storages, ImmutableArray<Guid> Chain)
{
    // What the newest state goes by.
    private static readonly Guid Top = new("5fbaabe3-6958-40ff-92a7-860e329aab41");

    private const int MaxParts = 1024;
    private const long MaxSectors = 1L << 50;

    /// <summary>Whether a file begins like such a description.</summary>
    public static bool IsBundle(ReadOnlySpan<byte> head) =>
        head[..Math.Min(1024, head.Length)].IndexOf("<Parallels_disk_image"u8) >= 0;

    /// <summary>Parses and checks a description.</summary>
    /// <exception cref="ImageFormatException">It is wrong.</exception>
    /// <exception cref="UnsupportedFeatureException">The disk is encrypted.</exception>
    public static ParallelsBundle Parse(BlockSource file)
    {
        XElement root = XmlDescription.Load(file, ParallelsFormat.Info.Id);
        CheckEncryption(root);
        ParallelsStorage[] storages =
            [.. root.Elements("StorageData").Elements("Storage").Take(MaxParts).Select(ParseStorage)];
        long sector = 0;
        foreach (ParallelsStorage storage in storages)
        {
            if (storage.Begin != sector || storage.End < sector)
            {
                ParallelsFormat.Throw(0, $"a part begins at sector {storage.Begin}, not at {sector}");
            }

            sector = storage.End;
        }

        if (storages.Length == 0)
        {
            ParallelsFormat.Throw(0, "the description names no files");
        }

        return new([.. storages], ChainOf(root, storages[0]));
    }

    private static void CheckEncryption(XElement root)
    {
        foreach (XElement engine in root.Descendants("Encryption").Elements("Engine"))
        {
            if (!Guid.TryParse(engine.Value.Trim(), out Guid id) || id != Guid.Empty)
            {
                throw new UnsupportedFeatureException(ParallelsFormat.Info.Id, "encryption");
            }
        }
    }

    private static ParallelsStorage ParseStorage(XElement storage) => new(
        Sectors(storage, "Start"),
        Sectors(storage, "End"),
        [.. storage.Elements("Image").Take(MaxParts).Select(image => new ParallelsImage(
            Id(image, "GUID"), Text(image, "Type") == "Plain", Text(image, "File")))]);

    private static long Sectors(XElement parent, string name) =>
        long.TryParse(Text(parent, name), NumberStyles.None, CultureInfo.InvariantCulture, out long sectors)
        && sectors <= MaxSectors
            ? sectors
            : throw new ImageFormatException(ParallelsFormat.Info.Id, 0, $"{name} of a part is no number of sectors");

    private static Guid Id(XElement parent, string name) =>
        Guid.TryParse(Text(parent, name), out Guid id) ? id : Guid.Empty;

    private static string Text(XElement parent, string name) => parent.Element(name)?.Value.Trim() ?? string.Empty;

    // The newest state is the one that is no other one's parent; when that is not one only, the one of the usual id.
    private static ImmutableArray<Guid> ChainOf(XElement root, ParallelsStorage storage)
    {
        Dictionary<Guid, Guid> parents = [];
        foreach (XElement shot in root.Elements("Snapshots").Elements("Shot").Take(MaxParts))
        {
            parents[Id(shot, "GUID")] = Id(shot, "ParentGUID");
        }

        Guid[] tops = [.. parents.Keys.Where(id => !parents.ContainsValue(id))];
        Guid id = parents.Count == 0 && storage.Images.Length > 0 ? storage.Images[0].Snapshot
            : tops.Length == 1 ? tops[0]
            : Top;
        List<Guid> chain = [];
        while (id != Guid.Empty)
        {
            if (chain.Contains(id))
            {
                ParallelsFormat.Throw(0, "a snapshot is its own parent");
            }

            chain.Add(id);
            id = parents.GetValueOrDefault(id);
        }

        return [.. chain];
    }
}
