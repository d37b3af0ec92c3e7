using System.Globalization;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Udf;

/// <summary>UDF 1.02 to 2.60: DVD, Blu-ray, packet-written discs, and disks.</summary>
internal sealed class UdfFileSystem : IFileSystem
{
    /// <summary>Id of the file system.</summary>
    public const string Id = "udf";

    private const int NewestRevision = 0x0260;

    /// <inheritdoc/>
    public static Model.FileSystemInfo Info { get; } = new(Id, "UDF (Universal Disk Format)", CanRead: true);

    /// <inheritdoc/>
    public static VolumeInfo? Probe(BlockSource volume) =>
        UdfLocator.Find(volume) is { } sequence ? Describe(sequence, []) : null;

    /// <inheritdoc/>
    public static FileTree Open(BlockSource volume, FileTreeOptions options)
    {
        if (options.Session is { } number)
        {
            return UdfTree.Open(volume, UdfSession.Find(volume, number, options.Cache), options.Cache);
        }

        UdfSequence? sequence = UdfLocator.Find(volume);
        if (sequence is null)
        {
            ImageFormatException.Throw(Id, 0, "no anchor leads to the descriptors of the volume");
        }

        return UdfTree.Open(volume, new(sequence, 0), options.Cache);
    }

    /// <summary>What the volume descriptors say.</summary>
    /// <param name="sequence">The descriptors.</param>
    /// <param name="warnings">What else was found odd.</param>
    internal static VolumeInfo Describe(UdfSequence sequence, IEnumerable<string> warnings)
    {
        long blocks = sequence.Partitions.Values.Max(partition => (long)partition.Start + partition.Length);
        int revision = sequence.Revision;
        IEnumerable<string> access = sequence.Partitions.Values.Select(partition => AccessText(partition.Access));
        return new(Id, blocks * sequence.BlockSize)
        {
            Version = revision == 0 ? null : RevisionText(revision),
            Label = sequence.Name?.TrimEnd(' ', '\t', '\n', '\v', '\f', '\r') is { Length: > 0 } label ? label : null,
            Uuid = MakeUuid(sequence.VolumeSet),
            KernelType = Id,
            Details =
            [
                new("Block size", sequence.BlockSize.ToString(CultureInfo.InvariantCulture)),
                new("Access", string.Join(", ", access.Distinct())),
            ],
            Warnings = [.. WarningsOf(sequence), .. warnings],
        };
    }

    private static IEnumerable<string> WarningsOf(UdfSequence sequence)
    {
        if (sequence.FromReserve)
        {
            yield return "the main volume descriptors are damaged, the reserve copy is used";
        }

        if (sequence.Integrity is { Closed: false } && sequence.Partitions.Values.Any(p => p.Access is 3 or 4))
        {
            yield return "the volume was not closed properly";
        }

        int needed = Math.Max(sequence.Revision, sequence.Integrity?.MinReadRevision ?? 0);
        if (needed > NewestRevision)
        {
            yield return $"the volume says it needs revision {RevisionText(needed)}";
        }
    }

    private static string RevisionText(int revision) =>
        string.Create(CultureInfo.InvariantCulture, $"{revision >> 8:x}.{revision & 0xff:x2}");

    private static string AccessText(uint access) => access switch
    {
        0 => "pseudo-overwritable",
        1 => "read only",
        2 => "write once",
        3 => "rewritable",
        4 => "overwritable",
        _ => $"type {access}",
    };

    // UDF has no UUID: its stand-in is the unique head of the volume set identifier, by convention 16 hex digits, in
    // the form that blkid gives it, which also turns other characters into hex digits.
    private static string? MakeUuid(byte[]? volumeSet)
    {
        if (volumeSet is null || UdfText.FromDstring(volumeSet) is not { } text)
        {
            return null;
        }

        Span<byte> head = stackalloc byte[16];
        ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length < 8)
        {
            return null;
        }

        head.Clear();
        bytes[..Math.Min(16, bytes.Length)].CopyTo(head);
        int digits = head.IndexOfAnyExcept("0123456789abcdefABCDEF"u8);
        return digits switch
        {
            < 0 => Encoding.ASCII.GetString(head).ToLowerInvariant(),
            >= 8 => Encoding.ASCII.GetString(head[..8]).ToLowerInvariant() + Convert.ToHexStringLower(head[8..12]),
            _ => Convert.ToHexStringLower(head[..8]),
        };
    }
}
