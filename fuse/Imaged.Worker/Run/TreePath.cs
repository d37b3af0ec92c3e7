using System.Text;
using Imaged.Formats.Model;

namespace Imaged.Worker.Run;

/// <summary>Finds nodes of a tree by path, as the kernel would: symbolic links inside the tree are followed, an
/// absolute one from the root of the tree.</summary>
internal static class TreePath
{
    // As in Linux: path_resolution(7).
    private const int MaxLinks = 40;
    private const int MaxComponents = 4096;

    /// <summary>The node at a path.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="path">Path from its root; a leading slash changes nothing.</param>
    /// <param name="follow">Whether a symbolic link at the end is followed.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static NodeInfo Find(FileTree tree, string path, bool follow)
    {
        // The directories passed, for "..": it never leads above the root.
        List<NodeInfo> walked = [tree.Root];
        Stack<byte[]> rest = new();
        Push(rest, Encoding.UTF8.GetBytes(path));
        int links = 0;
        int components = 0;
        while (rest.TryPop(out byte[]? name))
        {
            if (++components > MaxComponents)
            {
                throw NotFound(path, "the path is too long");
            }

            if (name.AsSpan().SequenceEqual("."u8))
            {
                continue;
            }

            if (name.AsSpan().SequenceEqual(".."u8))
            {
                if (walked.Count > 1)
                {
                    walked.RemoveAt(walked.Count - 1);
                }

                continue;
            }

            NodeInfo directory = walked[^1];
            if (directory.Type != FileType.Directory)
            {
                throw NotFound(path, "a part of it is not a directory");
            }

            if (!tree.TryLookup(directory.Id, name, out NodeInfo node))
            {
                throw NotFound(path, null);
            }

            if (node.Type == FileType.SymbolicLink && (follow || rest.Count > 0))
            {
                if (++links > MaxLinks)
                {
                    throw NotFound(path, "too many symbolic links");
                }

                ReadOnlySpan<byte> target = tree.ReadLink(node.Id).Span;
                if (target.StartsWith("/"u8))
                {
                    walked.RemoveRange(1, walked.Count - 1);
                }

                Push(rest, target);
                continue;
            }

            walked.Add(node);
        }

        return walked[^1];
    }

    private static void Push(Stack<byte[]> rest, ReadOnlySpan<byte> path)
    {
        List<byte[]> names = [];
        foreach (Range range in path.Split((byte)'/'))
        {
            if (!path[range].IsEmpty)
            {
                names.Add(path[range].ToArray());
            }
        }

        for (int i = names.Count - 1; i >= 0; i--)
        {
            rest.Push(names[i]);
        }
    }

    private static FileNotFoundException NotFound(string path, string? why) =>
        new($"'{path}' is not in the image" + (why is null ? string.Empty : $": {why}"));
}
