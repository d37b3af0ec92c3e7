using Imaged.Formats.Model;

namespace Imaged.Formats.Hfs;

/// <summary>Records of the catalog of HFS or HFS+. Thread-safe.</summary>
/// <typeparam name="TEntry">A file or folder.</typeparam>
/// <param name="tree">The catalog's tree; not taken over.</param>
/// <param name="format">Id of the file system.</param>
/// <param name="tryRead">The file or folder that stands at a record; null when it is something else (a
/// thread).</param>
/// <param name="compare">Compares the folder in a key with the one that is looked for: below 0 when it stands before
/// that.</param>
internal sealed class HfsCatalog<TEntry>(
    HfsBTree tree, string format, Func<HfsNode, int, TEntry?> tryRead, HfsCatalog<TEntry>.FolderOrder compare)
    where TEntry : HfsCatalogEntry
{
    /// <summary>Compares the folder in a key with another one.</summary>
    public delegate int FolderOrder(ReadOnlySpan<byte> key, uint folder);

    /// <summary>What is in a folder, in the order of the catalog.</summary>
    /// <exception cref="ImageFormatException">The catalog is damaged.</exception>
    public IEnumerable<TEntry> Children(uint folder)
    {
        foreach ((HfsNode node, int index) in tree.From(key => compare(key, folder)))
        {
            if (compare(node.Read(index, 0, out _), folder) != 0)
            {
                yield break;
            }

            if (tryRead(node, index) is { } entry)
            {
                yield return entry;
            }
        }
    }

    /// <summary>The root folder.</summary>
    /// <exception cref="ImageFormatException">There is none.</exception>
    public TEntry Root() => Children(HfsCatalogEntry.RootParent).FirstOrDefault(entry => entry.IsFolder)
        ?? throw new ImageFormatException(format, 0, "the catalog has no root folder");

    /// <summary>The entry of a node.</summary>
    /// <exception cref="ImageFormatException">There is none.</exception>
    public TEntry Read(ulong node)
    {
        ulong leaf = node >> 16;
        return (leaf <= uint.MaxValue ? tryRead(tree.ReadLeaf((uint)leaf), (int)(node & 0xffff)) : null)
            ?? throw new ImageFormatException(format, 0, $"there is no node {node:x}");
    }
}
