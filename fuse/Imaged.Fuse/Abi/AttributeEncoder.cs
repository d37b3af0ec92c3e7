using Imaged.Formats.Model;

namespace Imaged.Fuse.Abi;

/// <summary>Turns what a tree knows of a node into the kernel's structures.</summary>
internal static class AttributeEncoder
{
    /// <summary>Seconds for which names and attributes stay valid in the kernel: images do not change.</summary>
    public const ulong ForEver = 1UL << 30;

    private const uint BlockSize = 4096;
    private const uint StatxBasic = 0x7ff; // STATX_BASIC_STATS
    private const uint StatxCreated = 0x800; // STATX_BTIME

    public static void Encode(in NodeInfo node, out FuseAttr attr)
    {
        attr = default;
        attr.Inode = InodeOf(node);
        attr.Size = node.Size;
        attr.Blocks = BlocksOf(node);
        attr.Accessed = node.Accessed.Seconds;
        attr.Modified = node.Modified.Seconds;
        attr.Changed = node.Changed.Seconds;
        attr.AccessedNanoseconds = node.Accessed.Nanoseconds;
        attr.ModifiedNanoseconds = node.Modified.Nanoseconds;
        attr.ChangedNanoseconds = node.Changed.Nanoseconds;
        attr.Mode = node.Mode;
        attr.Links = LinksOf(node);
        attr.Uid = node.Uid;
        attr.Gid = node.Gid;
        attr.Device = EncodeDevice(node.DeviceMajor, node.DeviceMinor);
        attr.BlockSize = BlockSize;
    }

    public static void Encode(in NodeInfo node, out FuseEntryOut entry)
    {
        entry = default;
        entry.Node = node.Id;
        entry.EntryValid = ForEver;
        entry.AttributesValid = ForEver;
        Encode(node, out entry.Attributes);
    }

    public static void Encode(in NodeInfo node, out FuseStatxOut statx)
    {
        statx = default;
        statx.Valid = ForEver;
        statx.Mask = StatxBasic;
        statx.BlockSize = BlockSize;
        statx.Links = LinksOf(node);
        statx.Uid = node.Uid;
        statx.Gid = node.Gid;
        statx.Mode = (ushort)node.Mode;
        statx.Inode = InodeOf(node);
        statx.Size = node.Size;
        statx.Blocks = BlocksOf(node);
        statx.Accessed = Encode(node.Accessed);
        statx.Changed = Encode(node.Changed);
        statx.Modified = Encode(node.Modified);
        statx.NodeMajor = node.DeviceMajor;
        statx.NodeMinor = node.DeviceMinor;
        if (node.Created is { } created)
        {
            statx.Mask |= StatxCreated;
            statx.Created = Encode(created);
        }
    }

    public static ulong InodeOf(in NodeInfo node) => node.Inode != 0 ? node.Inode : node.Id;

    // 512-byte units whatever the block size is.
    private static long BlocksOf(in NodeInfo node)
    {
        ulong bytes = (ulong)(node.AllocatedBytes < 0 ? node.Size : node.AllocatedBytes);
        return (long)((bytes + 511) / 512);
    }

    private static uint LinksOf(in NodeInfo node) => node.Links != 0 ? node.Links : 1;

    private static FuseStatxTime Encode(Timestamp time) =>
        new() { Seconds = time.Seconds, Nanoseconds = time.Nanoseconds };

    // new_encode_dev() of the kernel: 12 bits of major between the low 8 and the high 12 bits of minor.
    private static uint EncodeDevice(uint major, uint minor) =>
        (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xffu) << 12);
}
