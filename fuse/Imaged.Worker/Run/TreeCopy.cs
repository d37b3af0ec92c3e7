using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Worker.Run;

/// <summary>Copies files out of a tree, as <c>cp -a</c> would: types, modes, times, links, holes, extended attributes;
/// owners and device nodes as far as the caller's rights go. What could not be kept is counted; a file that could not
/// be read or written to its end is removed.</summary>
internal sealed class TreeCopy
{
    private const int MaxDepth = 1024;

    // Each linked file is held open until its other names have been met.
    private const int MaxHeldLinks = 256;

    private readonly FileTree _tree;
    private readonly ProgressMeter _meter;
    private readonly Dictionary<ulong, SafeFileHandle> _links = [];

    /// <summary>A copy out of <paramref name="tree"/>.</summary>
    public TreeCopy(FileTree tree, ProgressMeter meter)
    {
        _tree = tree;
        _meter = meter;
    }

    /// <summary>Files copied.</summary>
    public long Files { get; private set; }

    /// <summary>Things that could not be kept or copied, one sentence each, the first 100.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>Number of all problems.</summary>
    public long ProblemCount { get; private set; }

    /// <summary>Copies a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="name">Name of the copy; null copies what is in a directory straight into
    /// <paramref name="destination"/>.</param>
    /// <param name="destination">Where to.</param>
    public void Copy(NodeInfo node, byte[]? name, HostDirectory destination)
    {
        try
        {
            if (name is null)
            {
                CopyChildren(node, destination, 0);
            }
            else
            {
                CopyNode(node, name, destination, TreeText.Of(name), 0);
            }
        }
        finally
        {
            foreach (SafeFileHandle handle in _links.Values)
            {
                handle.Dispose();
            }
        }
    }

    private void CopyChildren(NodeInfo directory, HostDirectory destination, int depth, string path = "")
    {
        if (depth > MaxDepth)
        {
            Problem($"'{path}': directories are nested more than {MaxDepth} deep");
            return;
        }

        foreach (DirectoryEntry entry in _tree.ReadDirectory(directory.Id, 0))
        {
            CopyNode(
                entry.Node, entry.Name.ToArray(), destination, path + "/" + TreeText.Of(entry.Name.Span), depth + 1);
        }
    }

    private void CopyNode(NodeInfo node, byte[] name, HostDirectory destination, string path, int depth)
    {
        try
        {
            switch (node.Type)
            {
                case FileType.Directory:
                    CopyDirectory(node, name, destination, path, depth);
                    return; // its attributes are set from inside
                case FileType.Regular:
                    CopyFile(node, name, destination, path);
                    break;
                case FileType.SymbolicLink:
                    destination.CreateSymbolicLink(name, _tree.ReadLink(node.Id).Span);
                    break;
                default:
                    destination.CreateNode(name, (uint)node.Type, new(node.DeviceMajor, node.DeviceMinor));
                    break;
            }

            SetAttributes(node, name, destination, path);
            Files++;
        }
        catch (Exception error)
            when (error is ImageFormatException or UnsupportedFeatureException or EndOfStreamException)
        {
            Problem($"'{path}': {error.Message}");
        }
        catch (LinuxException error)
            when (error.Errno is Errno.EPERM or Errno.EACCES or Errno.EINVAL or 21 /* EISDIR */)
        {
            Problem($"'{path}': {error.Message}");
        }
    }

    private void CopyDirectory(NodeInfo node, byte[] name, HostDirectory destination, string path, int depth)
    {
        using HostDirectory copy = destination.CreateDirectory(name);
        CopyChildren(node, copy, depth, path);
        CopyExtendedAttributes(node, copy, null, path);
        SetAttributes(node, [], copy, path);
        Files++;
    }

    private void CopyFile(NodeInfo node, byte[] name, HostDirectory destination, string path)
    {
        ulong inode = node.Inode == 0 ? node.Id : node.Inode;
        if (node.Links > 1 && _links.TryGetValue(inode, out SafeFileHandle? first))
        {
            destination.CreateHardLink(name, first);
            return;
        }

        SafeFileHandle file = destination.CreateFile(name);
        try
        {
            using BlockSource content = _tree.OpenFile(node.Id);
            SourceCopy.ToFile(content, file, _meter);
            CopyExtendedAttributes(node, destination, file, path);
        }
        catch (Exception error)
        {
            // A part of a file would pass for the whole.
            file.Dispose();
            destination.RemoveFile(name);
            if (error is IOException and not (LinuxException or EndOfStreamException)
                and not (ImageFormatException or UnsupportedFeatureException))
            {
                throw new IOException($"'{path}': {error.Message}", error.HResult);
            }

            throw;
        }

        if (node.Links > 1 && _links.Count < MaxHeldLinks)
        {
            _links.Add(inode, file);
        }
        else
        {
            file.Dispose();
        }
    }

    private void CopyExtendedAttributes(NodeInfo node, HostDirectory directory, SafeFileHandle? file, string path)
    {
        if (!_tree.HasAttributes)
        {
            return;
        }

        ImmutableArray<string> names = _tree.ListAttributes(node.Id);
        foreach (string attribute in names)
        {
            byte[]? value = _tree.GetAttribute(node.Id, attribute);
            if (value is not null && !directory.TrySetAttribute(file, attribute, value))
            {
                Problem($"'{path}': the extended attribute {attribute} cannot be kept here");
            }
        }
    }

    private void SetAttributes(NodeInfo node, byte[] name, HostDirectory directory, string path)
    {
        bool owned = directory.SetAttributes(
            name,
            node.Uid,
            node.Gid,
            node.Mode,
            (node.Accessed.Seconds, node.Accessed.Nanoseconds),
            (node.Modified.Seconds, node.Modified.Nanoseconds));
        if (!owned && Environment.IsPrivilegedProcess)
        {
            Problem($"'{path}': the owner {node.Uid}:{node.Gid} cannot be kept here");
        }
    }

    private void Problem(string text)
    {
        ProblemCount++;
        if (Problems.Count < 100)
        {
            Problems.Add(text);
        }
    }
}
