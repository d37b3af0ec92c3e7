using System.Buffers.Binary;
using System.Globalization;
using Imaged.Formats.Hfs;
using Imaged.Formats.Model;

namespace Imaged.Formats.HfsPlus;

/// <summary>Hard links (TN1150, "Hard Links"; of folders: hfs_format.h of Apple's kernel sources): a link is a file of
/// a type of its own, and what it links to stands in a hidden folder, named by a number.</summary>
internal sealed class HfsPlusLinks
{
    private const uint RootFolder = 2;
    private const ulong FileLink = 0x686c6e6b_6866732b; // hlnk, hfs+
    private const ulong FolderLink = 0x66647270_4d414353; // fdrp, MACS
    private const string FilesName = "\0\0\0\0HFS+ Private Data";
    private const string FoldersName = ".HFS+ Private Directory Data\r";
    private const int MaxRootEntries = 1_500_000;

    private readonly HfsPlusVolume _volume;
    private readonly Lazy<(uint Files, uint Folders)> _hidden;

    /// <summary>Links of a volume, which is not taken over.</summary>
    public HfsPlusLinks(HfsPlusVolume volume)
    {
        _volume = volume;
        _hidden = new(FindHidden);
    }

    /// <summary>Compares the folder in a key of the catalog with another one.</summary>
    public static int Compare(ReadOnlySpan<byte> key, uint folder) =>
        key.Length < 6 ? -1 : BinaryPrimitives.ReadUInt32BigEndian(key).CompareTo(folder);

    /// <summary>Whether an entry is one of the hidden folders.</summary>
    public static bool IsHidden(HfsPlusEntry entry, ReadOnlySpan<byte> name) =>
        entry.Parent == RootFolder && entry.IsFolder && name.SequenceEqual(".HFS+ Private Directory Data\r"u8);

    /// <summary>What an entry links to, or the entry itself when it is no link.</summary>
    /// <exception cref="ImageFormatException">It links to what is not there.</exception>
    public HfsPlusEntry Resolve(HfsPlusEntry entry)
    {
        (uint folder, string name) = entry.TypeAndCreator switch
        {
            FileLink => (_hidden.Value.Files, "iNode"),
            FolderLink when entry.HasLinkChain => (_hidden.Value.Folders, "dir_"),
            _ => (0u, string.Empty),
        };
        if (folder == 0)
        {
            return entry;
        }

        name += entry.Special.ToString(CultureInfo.InvariantCulture);
        foreach ((HfsNode node, int index) in _volume.CatalogTree.From(key => Compare(key, folder, name)))
        {
            if (Compare(node.Read(index, 0, out _), folder, name) == 0
                && HfsPlusEntry.TryRead(node, index) is { } target
                && target.TypeAndCreator is not (FileLink or FolderLink))
            {
                return target;
            }

            break;
        }

        throw new ImageFormatException(
            HfsPlusFileSystem.Id, 0, $"file {entry.Id} links to '{name}', which is not there");
    }

    private (uint Files, uint Folders) FindHidden()
    {
        uint files = 0;
        uint folders = 0;
        foreach (HfsPlusEntry entry in _volume.Catalog.Children(RootFolder).Take(MaxRootEntries))
        {
            files = entry.IsFolder && entry.IsNamed(FilesName) ? entry.Id : files;
            folders = entry.IsFolder && entry.IsNamed(FoldersName) ? entry.Id : folders;
        }

        return (files, folders);
    }

    // The names in the hidden folders are of ASCII; without regard to case they stand in the order of their characters.
    private static int Compare(ReadOnlySpan<byte> key, uint folder, string name)
    {
        int order = Compare(key, folder);
        if (order != 0)
        {
            return order;
        }

        int length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(key[4..]), (key.Length - 6) / 2);
        for (int i = 0; i < length && i < name.Length; i++)
        {
            char found = (char)BinaryPrimitives.ReadUInt16BigEndian(key[(6 + (2 * i))..]);
            order = char.ToLowerInvariant(found).CompareTo(char.ToLowerInvariant(name[i]));
            if (order != 0)
            {
                return order;
            }
        }

        return length.CompareTo(name.Length);
    }
}
