using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Btrfs;

/// <summary>A run of logical addresses, and where it stands on this device.</summary>
/// <param name="Logical">First logical address.</param>
/// <param name="Length">Bytes.</param>
/// <param name="IsSystem">Whether the tree of chunks stands in it.</param>
/// <param name="IsMirrored">Whether each of <paramref name="Copies"/> has all of it: not with striped RAID.</param>
/// <param name="Copies">Byte offsets on this device; none when it is on others.</param>
internal sealed record BtrfsChunk(long Logical, long Length, bool IsSystem, bool IsMirrored, long[] Copies)
{
    public long End => Logical + Length;
}

/// <summary>The chunks of a file system, by logical address.</summary>
internal sealed class BtrfsChunks
{
    public const byte ItemType = 228;

    private const int ItemLength = 48;
    private const int StripeLength = 32;
    private const ulong SystemFlag = 2;

    // RAID0, RAID10, RAID5, RAID6.
    private const ulong StripedFlags = 0x8 | 0x40 | 0x80 | 0x100;

    // SINGLE has none; RAID1, DUP, RAID1 of three and four copies.
    private const ulong KnownFlags = 7 | StripedFlags | 0x10 | 0x20 | 0x200 | 0x400;

    // As many of them as a petabyte has.
    private const int MaxChunks = 1 << 20;

    private readonly BtrfsSuperblock _superblock;
    private readonly long _volumeLength;
    private readonly SortedList<long, BtrfsChunk> _chunks = [];

    /// <summary>Begins with the system chunks in the superblock.</summary>
    /// <exception cref="ImageFormatException">They are damaged.</exception>
    public BtrfsChunks(BtrfsSuperblock superblock, long volumeLength)
    {
        _superblock = superblock;
        _volumeLength = volumeLength;
        ReadOnlySpan<byte> rest = superblock.SystemChunks;
        while (rest.Length >= BtrfsKey.Length + ItemLength)
        {
            int stripes = BinaryPrimitives.ReadUInt16LittleEndian(rest[(BtrfsKey.Length + 44)..]);
            int length = BtrfsKey.Length + ItemLength + (stripes * StripeLength);
            if (length > rest.Length)
            {
                Throw(0, $"a system chunk of {stripes} stripes");
            }

            Add(BtrfsKey.Parse(rest), rest[BtrfsKey.Length..length]);
            rest = rest[length..];
        }
    }

    public IEnumerable<BtrfsChunk> All => _chunks.Values;

    /// <summary>Adds the chunk of an item; one that is there already is not changed.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public void Add(BtrfsKey key, ReadOnlySpan<byte> item)
    {
        if (item.Length < ItemLength)
        {
            Throw(0, $"a chunk item of {item.Length} bytes");
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(item);
        ulong flags = BinaryPrimitives.ReadUInt64LittleEndian(item[24..]);
        int stripes = BinaryPrimitives.ReadUInt16LittleEndian(item[44..]);
        if (key.Type != ItemType || stripes == 0 || item.Length < ItemLength + (stripes * StripeLength)
            || length is 0 or > long.MaxValue || key.Offset > long.MaxValue - length || (flags & ~KnownFlags) != 0)
        {
            Throw(key.Offset, $"a chunk of {length} bytes, type {flags:x}, in {stripes} stripes");
        }

        bool isMirrored = (flags & StripedFlags) == 0;
        List<long> copies = [];
        for (int i = 0; i < stripes; i++)
        {
            ReadOnlySpan<byte> stripe = item.Slice(ItemLength + (i * StripeLength), StripeLength);
            ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(stripe[8..]);
            if (BinaryPrimitives.ReadUInt64LittleEndian(stripe) != _superblock.Device)
            {
                continue;
            }

            if (isMirrored && ((ulong)_volumeLength < length || offset > (ulong)_volumeLength - length))
            {
                Throw(key.Offset, $"a chunk of {length} bytes at byte {offset} of the device");
            }

            copies.Add((long)Math.Min(offset, long.MaxValue));
        }

        if (_chunks.Count >= MaxChunks)
        {
            Throw(key.Offset, $"more than {MaxChunks} chunks");
        }

        _chunks.TryAdd(
            (long)key.Offset,
            new((long)key.Offset, (long)length, (flags & SystemFlag) != 0, isMirrored, [.. copies]));
    }

    /// <summary>The chunk that holds all of an extent.</summary>
    /// <exception cref="ImageFormatException">None does.</exception>
    public BtrfsChunk Find(long logical, long length)
    {
        int low = 0;
        int high = _chunks.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = _chunks.GetKeyAtIndex(middle) <= logical ? (middle, high) : (low, middle - 1);
        }

        BtrfsChunk? chunk = _chunks.Count > 0 ? _chunks.GetValueAtIndex(low) : null;
        if (chunk is null || logical < chunk.Logical || length > chunk.End - logical)
        {
            Throw((ulong)Math.Max(logical, 0), $"an extent of {length} bytes is in no chunk");
        }

        return chunk!;
    }

    private static void Throw(ulong logical, string message) => ImageFormatException.Throw(
        BtrfsSuperblock.Id, (long)Math.Min(logical, long.MaxValue), message + " (a logical address)");
}
