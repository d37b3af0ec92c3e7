using System.Collections.Immutable;

namespace Imaged.Formats.Ext;

/// <summary>Features that a reader may ignore (s_feature_compat).</summary>
[Flags]
internal enum ExtCompatible : uint
{
    HasJournal = 0x4,
    Attributes = 0x8,
    DirectoryIndex = 0x20,
    SparseSuper2 = 0x200,
}

/// <summary>Features that a reader must know (s_feature_incompat).</summary>
[Flags]
internal enum ExtIncompatible : uint
{
    FileType = 0x2,
    Recover = 0x4,
    JournalDevice = 0x8,
    MetaBlockGroups = 0x10,
    Extents = 0x40,
    SixtyFourBit = 0x80,
    MultipleMountProtection = 0x100,
    FlexibleGroups = 0x200,
    AttributeInodes = 0x400,
    ChecksumSeed = 0x2000,
    LargeDirectories = 0x4000,
    InlineData = 0x8000,
    Encryption = 0x10000,
    CaseFolding = 0x20000,
}

/// <summary>Features that a reader may ignore but a writer must know (s_feature_ro_compat).</summary>
[Flags]
internal enum ExtReadOnlyCompatible : uint
{
    SparseSuper = 0x1,
    LargeFile = 0x2,
    BtreeDirectories = 0x4,
    HugeFile = 0x8,
    DescriptorChecksum = 0x10,
    ManyLinks = 0x20,
    LargeInodes = 0x40,
    Quota = 0x100,
    BigAllocation = 0x200,
    MetadataChecksum = 0x400,
    ReadOnly = 0x1000,
    Project = 0x2000,
    SharedBlocks = 0x4000,
    Verity = 0x8000,
    OrphansPresent = 0x10000,
}

/// <summary>Names of feature bits, as the tools of the file system print them.</summary>
internal static class ExtFeatures
{
    /// <summary>What the reader copes with; recovery and mount protection only matter to a writer.</summary>
    public const ExtIncompatible Known = ExtIncompatible.FileType | ExtIncompatible.Recover
        | ExtIncompatible.MetaBlockGroups | ExtIncompatible.Extents | ExtIncompatible.SixtyFourBit
        | ExtIncompatible.MultipleMountProtection | ExtIncompatible.FlexibleGroups
        | ExtIncompatible.AttributeInodes | ExtIncompatible.ChecksumSeed | ExtIncompatible.LargeDirectories
        | ExtIncompatible.InlineData | ExtIncompatible.Encryption | ExtIncompatible.CaseFolding;

    /// <summary>What leaves the meaning of the block bitmaps alone.</summary>
    public const ExtReadOnlyCompatible KeepBitmaps = ExtReadOnlyCompatible.SparseSuper
        | ExtReadOnlyCompatible.LargeFile | ExtReadOnlyCompatible.BtreeDirectories | ExtReadOnlyCompatible.HugeFile
        | ExtReadOnlyCompatible.DescriptorChecksum | ExtReadOnlyCompatible.ManyLinks
        | ExtReadOnlyCompatible.LargeInodes | ExtReadOnlyCompatible.Quota | ExtReadOnlyCompatible.BigAllocation
        | ExtReadOnlyCompatible.MetadataChecksum | ExtReadOnlyCompatible.ReadOnly | ExtReadOnlyCompatible.Project
        | ExtReadOnlyCompatible.SharedBlocks | ExtReadOnlyCompatible.Verity | ExtReadOnlyCompatible.OrphansPresent;

    // By bit number; an empty name is a bit that nobody has published a use for.
    private static readonly ImmutableArray<string> CompatibleNames =
    [
        "dir_prealloc", "imagic_inodes", "has_journal", "ext_attr", "resize_inode", "dir_index", "lazy_bg",
        string.Empty, "snapshot_bitmap", "sparse_super2", "fast_commit", "stable_inodes", "orphan_file",
    ];

    private static readonly ImmutableArray<string> IncompatibleNames =
    [
        "compression", "filetype", "needs_recovery", "journal_dev", "meta_bg", string.Empty, "extent", "64bit", "mmp",
        "flex_bg", "ea_inode", string.Empty, "dirdata", "metadata_csum_seed", "large_dir", "inline_data", "encrypt",
        "casefold",
    ];

    private static readonly ImmutableArray<string> ReadOnlyNames =
    [
        "sparse_super", "large_file", "btree_dir", "huge_file", "uninit_bg", "dir_nlink", "extra_isize", string.Empty,
        "quota", "bigalloc", "metadata_csum", "replica", "read-only", "project", "shared_blocks", "verity",
        "orphan_present",
    ];

    /// <summary>All features of a volume, separated by blanks.</summary>
    public static string Describe(ExtSuperblock superblock)
    {
        List<string> names = [];
        Add(names, (uint)superblock.Compatible, 'C', CompatibleNames);
        Add(names, (uint)superblock.Incompatible, 'I', IncompatibleNames);
        Add(names, (uint)superblock.ReadOnlyCompatible, 'R', ReadOnlyNames);
        return string.Join(' ', names);
    }

    /// <summary>Names the read-only compatible features in <paramref name="bits"/>.</summary>
    public static string Describe(ExtReadOnlyCompatible bits)
    {
        List<string> names = [];
        Add(names, (uint)bits, 'R', ReadOnlyNames);
        return string.Join(", ", names);
    }

    /// <summary>Names the incompatible features in <paramref name="bits"/>.</summary>
    public static string Describe(ExtIncompatible bits)
    {
        List<string> names = [];
        Add(names, (uint)bits, 'I', IncompatibleNames);
        return string.Join(", ", names);
    }

    private static void Add(List<string> names, uint bits, char kind, ImmutableArray<string> known)
    {
        for (int bit = 0; bit < 32; bit++)
        {
            if ((bits >> bit & 1) != 0)
            {
                names.Add(bit < known.Length && known[bit].Length > 0 ? known[bit] : $"FEATURE_{kind}{bit}");
            }
        }
    }
}
