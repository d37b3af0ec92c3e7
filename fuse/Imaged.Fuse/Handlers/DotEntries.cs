using Imaged.Formats.Model;
using Imaged.Fuse.Abi;
using Imaged.Fuse.Session;

namespace Imaged.Fuse.Handlers;

/// <summary>The entries <c>.</c> and <c>..</c>, which trees do not list: they take the offsets 1 and 2.</summary>
internal static class DotEntries
{
    /// <summary>How many there are, and so by how much the cookies of a tree are shifted.</summary>
    public const long Count = 2;

    // The parent of a node is not known; what FUSE shows for an unknown inode number.
    private const ulong UnknownInode = 0xffffffff;

    /// <summary>Adds those that are due at an offset.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="parent">What holds it; null when that is not known.</param>
    /// <param name="offset">Where the listing begins; moved behind what was added.</param>
    /// <param name="reply">The reply.</param>
    /// <returns>Whether there was room.</returns>
    public static bool Add(in NodeInfo directory, NodeInfo? parent, ref long offset, ref DirectoryReply reply)
    {
        if (offset == 0)
        {
            if (!reply.TryAdd("."u8, Named(AttributeEncoder.InodeOf(directory)), 1))
            {
                return false;
            }

            offset = 1;
        }

        if (offset == 1)
        {
            ulong inode = parent is { } node ? AttributeEncoder.InodeOf(node) : UnknownInode;
            if (!reply.TryAdd(".."u8, Named(inode), Count))
            {
                return false;
            }

            offset = Count;
        }

        return true;
    }

    // Id 0: the kernel knows these nodes and takes no attributes for them.
    private static NodeInfo Named(ulong inode) => new(0, FileType.Directory, 0, 0) { Inode = inode };
}
