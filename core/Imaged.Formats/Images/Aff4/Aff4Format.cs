using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Aff4;

/// <summary>Advanced Forensic Format 4: a disk as a map of chunks in a ZIP file, with statements of what is
/// what.</summary>
internal sealed class Aff4Format : IImageFormat
{
    private const int NameOffset = 30;
    private const int MaxSectorSize = 65536;

    public static FormatInfo Info { get; } = new("aff4", "AFF4 forensic image", [".aff4", ".af4"], FormatCaps.Read);

    // Writers put the address of the container into a member, which is the first one, or into the comment, or both.
    public static Match Probe(ProbeWindow window) =>
        window.Has(0, [0x50, 0x4b, 3, 4])
        && (window.Has(NameOffset, "container.description"u8)
            || Aff4Zip.CommentOf(window.Tail).StartsWith("aff4://"u8))
            ? Match.Strong
            : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        Aff4Volume volume = new(opener.Content, opener.Cache);
        try
        {
            string image = ChooseImage(volume.Graph);
            string stream = volume.Graph.Value(image, "dataStream")!;
            BlockSource content = volume.OpenStream(stream, 0);
            if (content is Aff4Symbol)
            {
                ImageFormatException.Throw(Info.Id, 0, $"the disk is '{stream}', which has no end");
            }

            return new DiskImage(Info, WithSectors(content, volume.Graph.Number(image, "blockSize", MaxSectorSize)))
            {
                Details = Describe(volume, image, content),
                Owned = [volume],
                Verify = check => Aff4Check.Run(volume, image, stream, check),
            };
        }
        catch
        {
            volume.Dispose();
            throw;
        }
    }

    private static BlockSource WithSectors(BlockSource content, long? sectorSize) =>
        sectorSize is { } size && size != content.SectorSize && size >= 512 && BitOperations.IsPow2(size)
            ? new SliceSource(content, 0, content.Length, ownsInner: false, (int)size)
            : content;

    // The disk, or any image that is not of another kind.
    private static string ChooseImage(Aff4Graph graph)
    {
        string[] all = [.. graph.Subjects.Where(subject => graph.Value(subject, "dataStream") is not null)];
        string? disk = all.FirstOrDefault(subject => graph.Is(subject, "DiskImage"))
            ?? all.FirstOrDefault(subject => graph.Is(subject, "ContiguousImage"));
        if (disk is not null)
        {
            return disk;
        }

        if (graph.IsOld)
        {
            UnsupportedFeatureException.Throw(Info.Id, "a container from before the standard 1.0");
        }

        if (graph.Subjects.Any(subject => graph.Is(subject, "EncryptedStream") || graph.Is(subject, "KeyBag")))
        {
            UnsupportedFeatureException.Throw(Info.Id, "encryption");
        }

        if (graph.Subjects.Any(subject => graph.Is(subject, "MemoryImage")))
        {
            UnsupportedFeatureException.Throw(Info.Id, "an image of memory, which is no disk,");
        }

        if (graph.Subjects.Any(subject => graph.Is(subject, "FileImage") || graph.Is(subject, "FolderImage")))
        {
            UnsupportedFeatureException.Throw(Info.Id, "a logical image (AFF4-L), which holds files and no disk,");
        }

        throw new ImageFormatException(Info.Id, 0, "no disk is described");
    }

    private static ImmutableArray<KeyValuePair<string, string>> Describe(
        Aff4Volume volume, string image, BlockSource content)
    {
        ImmutableArray<KeyValuePair<string, string>>.Builder details =
            ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        foreach (Aff4ImageStream stream in volume.Streams.Values.OfType<Aff4ImageStream>().Take(1))
        {
            details.Add(new("Compression", stream.CompressionText));
        }

        Add(details, "Tool", volume.Tool);
        foreach ((string title, string property) in (ReadOnlySpan<(string Title, string Property)>)[
            ("Make", "diskMake"), ("Model", "diskModel"), ("Serial number", "diskSerial"),
            ("State", "acquisitionCompletionState")])
        {
            Add(details, title, volume.Graph.Value(image, property));
        }

        string? about = volume.Graph.Subjects.FirstOrDefault(subject => volume.Graph.Is(subject, "CaseDetails"));
        if (about is not null)
        {
            Add(details, "Case", volume.Graph.Value(about, "caseName"));
            Add(details, "Description", volume.Graph.Value(about, "caseDescription"));
            Add(details, "Examiner", volume.Graph.Value(about, "examiner"));
        }

        if (content is Aff4Map { UnreadableLength: > 0 and long unreadable })
        {
            details.Add(new("Not readable", string.Create(
                CultureInfo.InvariantCulture, $"{unreadable} bytes, which say UNREADABLEDATA instead")));
        }

        return details.ToImmutable();
    }

    private static void Add(
        ImmutableArray<KeyValuePair<string, string>>.Builder details, string title, string? value)
    {
        if (!string.IsNullOrWhiteSpace(value))
        {
            details.Add(new(title, value));
        }
    }
}
