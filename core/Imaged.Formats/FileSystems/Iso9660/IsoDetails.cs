using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Iso9660;

/// <summary>What people want to know of a volume.</summary>
internal static class IsoDetails
{
    /// <summary>Describes one session of a volume.</summary>
    /// <param name="volume">The bytes.</param>
    /// <param name="descriptors">The session.</param>
    /// <param name="trees">Its trees, the chosen one first.</param>
    /// <param name="sessions">All sessions.</param>
    public static VolumeInfo Describe(
        BlockSource volume, IsoDescriptors descriptors, List<IsoTreeChoice> trees, List<IsoDescriptors> sessions)
    {
        ImmutableArray<KeyValuePair<string, string>>.Builder details =
            ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        ImmutableArray<string>.Builder warnings = ImmutableArray.CreateBuilder<string>();
        void Add(string name, string? value)
        {
            if (value is not null)
            {
                details.Add(new(name, value));
            }
        }

        Add("Extensions", string.Join(", ", trees.Select(tree => tree.Title)));
        AddTexts(descriptors, Add);
        if (sessions.Count > 1)
        {
            Add("Sessions", string.Create(CultureInfo.InvariantCulture, $"{sessions.Count}"));
            for (int i = 0; i < sessions.Count; i++)
            {
                Add($"Session {i + 1}", DescribeSession(sessions[i]));
            }
        }

        ElTorito.Describe(volume, descriptors, Add, warnings);
        Add("Hybrid", FindHybrid(volume));
        AddWarnings(volume, descriptors, trees, warnings);
        return new(Iso9660FileSystem.Id, (long)descriptors.SpaceSize * descriptors.BlockSize)
        {
            Version = Summarize(trees),
            Label = IsoLabel.Label(descriptors),
            Uuid = IsoLabel.Uuid(descriptors),
            KernelType = Iso9660FileSystem.Id,
            Details = details.ToImmutable(),
            Warnings = warnings.ToImmutable(),
        };
    }

    private static string? Summarize(List<IsoTreeChoice> trees)
    {
        string names = string.Join(", ", trees.Where(tree => tree.Layout.Scheme != IsoScheme.Plain)
            .Select(tree => tree.Layout.Scheme switch
            {
                IsoScheme.RockRidge => "Rock Ridge",
                IsoScheme.Joliet => "Joliet",
                IsoScheme.Enhanced => "ISO 9660:1999",
                IsoScheme.Plain => string.Empty,
                _ => throw new InvalidOperationException("unknown scheme"),
            }));
        return names.Length > 0 ? names : trees[0].Layout.IsHighSierra ? "High Sierra" : null;
    }

    private static void AddTexts(IsoDescriptors descriptors, Action<string, string?> add)
    {
        bool highSierra = descriptors.IsHighSierra;
        string? Text(int offset, int length) =>
            IsoLabel.Trim(Encoding.UTF8.GetString(descriptors.Primary.AsSpan(offset, length)));
        add("System", Text(highSierra ? 16 : 8, 32));
        add("Volume set", Text(highSierra ? 214 : 190, 128));
        add("Publisher", Text(highSierra ? 342 : 318, 128));
        add("Preparer", Text(highSierra ? 470 : 446, 128));
        add("Application", Text(highSierra ? 598 : 574, 128));
    }

    private static string DescribeSession(IsoDescriptors session)
    {
        string label = IsoLabel.Label(session) is { } text ? $", '{text}'" : string.Empty;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{session.SpaceSize} blocks, "
            + $"descriptors at sector {session.SessionSector + IsoDescriptors.FirstSector}{label}");
    }

    // Partition tables in the system area, which make the image start from a disk, too.
    private static string? FindHybrid(BlockSource volume)
    {
        byte[] head = new byte[4096];
        if (volume.ReadUpTo(0, head) < head.Length)
        {
            return null;
        }

        List<string> tables = [];
        bool hasMbr = head[510] == 0x55 && head[511] == 0xAA
            && head.AsSpan(446, 64).ContainsAnyExcept((byte)0)
            && (head[446] & head[462] & head[478] & head[494] & 0x7F) == 0;
        if (hasMbr)
        {
            tables.Add("MBR");
        }

        if (head.AsSpan(512, 8).SequenceEqual("EFI PART"u8))
        {
            tables.Add("GPT");
        }

        if (head.AsSpan(512, 2).SequenceEqual("PM"u8) || head.AsSpan(2048, 2).SequenceEqual("PM"u8))
        {
            tables.Add("APM");
        }

        return tables.Count == 0 ? null : string.Join(", ", tables);
    }

    private static void AddWarnings(
        BlockSource volume,
        IsoDescriptors descriptors,
        List<IsoTreeChoice> trees,
        ImmutableArray<string>.Builder warnings)
    {
        if (descriptors.BlockSizeIsBad)
        {
            warnings.Add("the logical block size is none; 2048 is taken");
        }

        if (trees[0].Layout.ShiftBlocks != 0)
        {
            warnings.Add("a later session without the ones before: files in those cannot be read");
        }
        else if ((long)descriptors.SpaceSize * descriptors.BlockSize > volume.Length)
        {
            warnings.Add("the volume is longer than what is there of it");
        }

        foreach (IsoTreeChoice tree in trees.Where(tree => !tree.IsPlausible))
        {
            warnings.Add($"the root directory of {tree.Title} is damaged");
        }

        ReadOnlySpan<byte> space = descriptors.Primary.AsSpan(descriptors.IsHighSierra ? 88 : 80);
        if (BinaryPrimitives.ReadUInt32LittleEndian(space) != BinaryPrimitives.ReadUInt32BigEndian(space[4..]))
        {
            warnings.Add("the two byte orders of the volume's length differ");
        }
    }
}
