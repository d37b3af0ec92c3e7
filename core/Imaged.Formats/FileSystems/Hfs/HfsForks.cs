using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Hfs;

/// <summary>Opens the forks of a volume: their first extents stand in the catalog, others in the extents overflow
/// file. Thread-safe.</summary>
internal sealed class HfsForks : IDisposable
{
    // A file of so many pieces would take an hour to read from a disk.
    private const int MaxExtents = 1 << 20;

    private readonly BlockSource _blocks;
    private readonly HfsLayout _layout;
    private readonly HfsBTree? _overflow;

    /// <summary>Opens the extents overflow file.</summary>
    /// <param name="blocks">From the first allocation block on; not taken over.</param>
    /// <param name="blockLength">Bytes of an allocation block.</param>
    /// <param name="layout">Of the file system.</param>
    /// <param name="overflow">The extents overflow file, which has no extents but those in the volume header.</param>
    /// <param name="cache">For nodes of trees.</param>
    /// <exception cref="ImageFormatException">That file is damaged.</exception>
    public HfsForks(BlockSource blocks, int blockLength, HfsLayout layout, HfsFork overflow, BlockCache cache)
    {
        _blocks = blocks;
        BlockLength = blockLength;
        _layout = layout;
        _overflow = overflow.Length == 0 ? null : new HfsBTree(OpenListed(overflow), cache, layout);
    }

    /// <summary>Bytes of an allocation block.</summary>
    public int BlockLength { get; }

    /// <summary>Opens a fork.</summary>
    /// <param name="fork">As the catalog has it.</param>
    /// <param name="file">Id of its file.</param>
    /// <param name="isResource">Whether it is the resource fork.</param>
    /// <exception cref="ImageFormatException">Its extents are damaged.</exception>
    public HfsForkSource Open(HfsFork fork, uint file, bool isResource)
    {
        List<HfsExtent> extents = [];
        long blocks = HfsExtent.Append(fork.Extents, _layout, extents);
        if (_overflow is not null && IsShort(blocks, fork.Length))
        {
            AppendOverflow(_overflow, file, isResource ? 0xffu : 0, blocks, fork.Length, extents);
        }

        return new HfsForkSource(_blocks, BlockLength, _layout.Format, extents, fork.Length);
    }

    /// <summary>Opens a fork that has no extents but those given with it.</summary>
    /// <exception cref="ImageFormatException">They are damaged, or do not suffice.</exception>
    public HfsForkSource OpenListed(HfsFork fork)
    {
        List<HfsExtent> extents = [];
        HfsExtent.Append(fork.Extents, _layout, extents);
        return new HfsForkSource(_blocks, BlockLength, _layout.Format, extents, fork.Length);
    }

    /// <summary>Opens a fork that is a tree; null when it is empty.</summary>
    /// <exception cref="ImageFormatException">Extents or header are damaged.</exception>
    public HfsBTree? OpenTree(HfsFork fork, uint file, BlockCache cache) =>
        fork.Length == 0 ? null : new HfsBTree(Open(fork, file, isResource: false), cache, _layout);

    /// <inheritdoc/>
    public void Dispose() => _overflow?.Dispose();

    // Key: kind of fork, in HFS+ a byte of padding, file, first block of the fork that the record tells of.
    private void AppendOverflow(
        HfsBTree tree, uint file, uint kind, long blocks, ulong length, List<HfsExtent> extents)
    {
        ulong wanted = ((ulong)file << 8) | kind;
        long first = blocks;
        foreach ((HfsNode node, int index) in tree.From(key => Compare(key, wanted, first)))
        {
            ReadOnlySpan<byte> key = node.Read(index, 0, out ReadOnlySpan<byte> data);
            if (!IsShort(blocks, length) || data.Length < _layout.ExtentRecordLength
                || Compare(key, wanted, blocks) != 0)
            {
                break;
            }

            blocks += HfsExtent.Append(data, _layout, extents);
            if (extents.Count > MaxExtents || blocks > uint.MaxValue)
            {
                ImageFormatException.Throw(_layout.Format, 0, $"file {file} has more than {MaxExtents} extents");
            }
        }
    }

    private bool IsShort(long blocks, ulong length) => (ulong)blocks * (ulong)BlockLength < length;

    private int Compare(ReadOnlySpan<byte> key, ulong wanted, long block)
    {
        int fileOffset = _layout.KeyLengthSize;
        if (key.Length < fileOffset + 4 + _layout.NumberSize)
        {
            return -1;
        }

        ulong found = ((ulong)BinaryPrimitives.ReadUInt32BigEndian(key[fileOffset..]) << 8) | key[0];
        int order = found.CompareTo(wanted);
        return order != 0 ? order : ((long)HfsExtent.ReadNumber(key[(fileOffset + 4)..], _layout)).CompareTo(block);
    }
}
