using Imaged.Formats.Model;
using Imaged.Fuse.Abi;
using Imaged.Fuse.Session;

namespace Imaged.Fuse;

/// <summary>The files behind a session. All members may be called from any number of threads at once; exceptions become
/// error numbers. Nothing may be kept from call to call but caches: nodes that another process named work as
/// well.</summary>
/// <remarks>A handler never opens, reads or lists anything on the mount that it serves: the request would wait for the
/// very thread that makes it.</remarks>
public interface IFuseHandler
{
    /// <summary>Id of the root directory: the kernel's, not the tree's.</summary>
    const ulong RootNode = 1;

    /// <summary>Whether nodes can have extended attributes; when false the kernel stops asking.</summary>
    bool HasAttributes { get; }

    /// <summary>Whether nodes can have a time of creation; when false the kernel stops asking.</summary>
    bool HasCreationTimes { get; }

    /// <summary>Space and files.</summary>
    TreeStatistics Statistics { get; }

    /// <summary>Looks a name up.</summary>
    /// <returns><see cref="FuseStatus.Ok"/> or <see cref="FuseStatus.NoEntry"/>, which the kernel remembers.</returns>
    FuseStatus Lookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node);

    /// <summary>The attributes of a node.</summary>
    FuseStatus GetNode(ulong node, out NodeInfo info);

    /// <summary>Target of a symbolic link.</summary>
    /// <param name="node">The link.</param>
    /// <param name="target">Where to.</param>
    /// <param name="length">How many bytes it is.</param>
    FuseStatus ReadLink(ulong node, Span<byte> target, out int length);

    /// <summary>Says whether a regular file may be opened for reading.</summary>
    FuseStatus Open(ulong node);

    /// <summary>Reads from a regular file.</summary>
    /// <param name="node">The file.</param>
    /// <param name="offset">Byte offset.</param>
    /// <param name="destination">To be filled completely, except at the file's end.</param>
    /// <param name="count">Bytes read.</param>
    FuseStatus Read(ulong node, long offset, Span<byte> destination, out int count);

    /// <summary>Finds the next data or hole, as <c>lseek(2)</c> does.</summary>
    /// <param name="node">The file.</param>
    /// <param name="offset">Where to begin.</param>
    /// <param name="hole">A hole is sought, else data.</param>
    /// <param name="result">Byte offset of the first byte.</param>
    FuseStatus Seek(ulong node, long offset, bool hole, out long result);

    /// <summary>Lists a directory with <c>.</c> and <c>..</c>.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="offset">0, or the offset behind the last entry that was taken.</param>
    /// <param name="reply">Takes entries until it is full.</param>
    FuseStatus ReadDirectory(ulong directory, long offset, ref DirectoryReply reply);

    /// <summary>Value of an extended attribute.</summary>
    /// <param name="node">The node.</param>
    /// <param name="name">Name with its namespace.</param>
    /// <param name="value">Where to; may be empty.</param>
    /// <param name="length">How long it is. When it does not fit nothing is copied.</param>
    FuseStatus GetAttribute(ulong node, ReadOnlySpan<byte> name, Span<byte> value, out int length);

    /// <summary>Names of the extended attributes, each with a NUL behind it.</summary>
    /// <param name="node">The node.</param>
    /// <param name="names">Where to; may be empty.</param>
    /// <param name="length">How long they are together. When they do not fit nothing is copied.</param>
    FuseStatus ListAttributes(ulong node, Span<byte> names, out int length);
}
