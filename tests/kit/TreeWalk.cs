using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.TestKit;

/// <summary>Walks a file tree to its end, at most a million nodes and 300 levels deep.</summary>
public static class TreeWalk
{
    private const int MaxNodes = 1_000_000;
    private const int MaxDepth = 300;

    /// <summary>Every entry below the root with the directory that holds it, parents before children.</summary>
    public static IEnumerable<(NodeInfo Directory, DirectoryEntry Entry)> All(FileTree tree) =>
        AllPaths(tree).Select(item => (item.Directory, item.Entry));

    /// <summary>Every entry below the root with its path, without a leading slash.</summary>
    public static IEnumerable<(string Path, NodeInfo Directory, DirectoryEntry Entry)> AllPaths(FileTree tree)
    {
        Stack<(string Path, NodeInfo Node, int Depth)> open = new([(string.Empty, tree.Root, 0)]);
        int count = 0;
        while (open.TryPop(out (string Path, NodeInfo Node, int Depth) directory))
        {
            foreach (DirectoryEntry entry in tree.ReadDirectory(directory.Node.Id, 0))
            {
                if (++count > MaxNodes)
                {
                    throw new InvalidOperationException("the tree has more than a million nodes");
                }

                string path = directory.Path.Length == 0 ? Text(entry.Name) : directory.Path + "/" + Text(entry.Name);
                yield return (path, directory.Node, entry);
                if (entry.Node.Type == FileType.Directory && directory.Depth < MaxDepth)
                {
                    open.Push((path, entry.Node, directory.Depth + 1));
                }
            }
        }
    }

    /// <summary>The root and all directories below it.</summary>
    public static IEnumerable<NodeInfo> Directories(FileTree tree) =>
        All(tree).Select(item => item.Entry.Node).Where(node => node.Type == FileType.Directory).Prepend(tree.Root);

    /// <summary>All regular files.</summary>
    public static IEnumerable<NodeInfo> Files(FileTree tree) =>
        All(tree).Select(item => item.Entry.Node).Where(node => node.Type == FileType.Regular);

    /// <summary>The node at a path.</summary>
    public static NodeInfo Find(FileTree tree, string path)
    {
        NodeInfo node = tree.Root;
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!tree.TryLookup(node.Id, Encoding.UTF8.GetBytes(name), out node))
            {
                throw new FileNotFoundException($"'{name}' of '{path}' is not in the tree");
            }
        }

        return node;
    }

    /// <summary>The whole content of the file at a path.</summary>
    public static byte[] ReadFile(FileTree tree, string path)
    {
        using BlockSource file = tree.OpenFile(Find(tree, path).Id);
        return file.ReadBytes(0, (int)file.Length);
    }

    /// <summary>Asks everything that can be asked of a tree, reading at most 256 KiB of each file; stops at 2,000
    /// nodes. For hostile images: errors of single nodes are swallowed when they are of the kinds a tree may
    /// throw.</summary>
    public static void Touch(FileTree tree)
    {
        _ = tree.Statistics;
        int count = 0;
        Stack<(NodeInfo Node, int Depth)> open = new([(tree.Root, 0)]);
        while (open.TryPop(out (NodeInfo Node, int Depth) directory))
        {
            HostileInput.Allow(() =>
            {
                foreach (DirectoryEntry entry in tree.ReadDirectory(directory.Node.Id, 0))
                {
                    if (++count > 2000)
                    {
                        return;
                    }

                    if (entry.Node.Type == FileType.Directory && directory.Depth < 32)
                    {
                        open.Push((entry.Node, directory.Depth + 1));
                    }

                    CheckName(entry.Name.Span);
                    HostileInput.Allow(() => TouchNode(tree, entry.Node));
                }
            });
        }
    }

    /// <summary>Bytes of a name as text: UTF-8, each invalid byte as <c>\xNN</c>.</summary>
    public static string Text(ReadOnlyMemory<byte> name)
    {
        StringBuilder text = new();
        ReadOnlySpan<byte> rest = name.Span;
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(rest, out Rune rune, out int length) == System.Buffers.OperationStatus.Done)
            {
                text.Append(rune.ToString());
            }
            else
            {
                text.Append("\\x").Append(Convert.ToHexStringLower(rest[..length]));
            }

            rest = rest[length..];
        }

        return text.ToString();
    }

    // What a hostile image must not get past a tree, since kernels and programs rely on it.
    private static void CheckName(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > 255 || name.ContainsAny((byte)'/', (byte)0) || name.SequenceEqual("."u8)
            || name.SequenceEqual(".."u8))
        {
            throw new InvalidOperationException($"a tree lists the name '{Text(name.ToArray())}'");
        }
    }

    private static void TouchNode(FileTree tree, NodeInfo node)
    {
        _ = tree.GetNode(node.Id);
        foreach (string attribute in tree.ListAttributes(node.Id))
        {
            _ = tree.GetAttribute(node.Id, attribute);
        }

        if (node.Type == FileType.SymbolicLink)
        {
            ReadOnlySpan<byte> target = tree.ReadLink(node.Id).Span;
            if (target.Length > 4095 || target.Contains((byte)0))
            {
                throw new InvalidOperationException($"a link's target has {target.Length} bytes or a NUL");
            }
        }
        else if (node.Type == FileType.Regular)
        {
            if (node.Size < 0)
            {
                throw new InvalidOperationException($"a file has the size {node.Size}");
            }

            using BlockSource file = tree.OpenFile(node.Id);
            byte[] buffer = new byte[(int)Math.Min(file.Length, 131072)];
            file.Read(0, buffer);
            file.Read(file.Length - buffer.Length, buffer);
            for (long offset = 0, extents = 0; offset < file.Length && extents < 1000; extents++)
            {
                offset = file.GetExtent(offset).End;
            }
        }
    }
}
