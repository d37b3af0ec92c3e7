using System.Buffers.Binary;
using System.Text;

namespace Imaged.Conformance.HfsPlus;

/// <summary>What a file of a <see cref="HfsPlusBuilder"/> has beside its content.</summary>
internal sealed record HfsPlusFile
{
    /// <summary>The resource fork.</summary>
    public byte[] Resource { get; init; } = [];

    /// <summary>Whether each block of the data fork is an extent of its own.</summary>
    public bool IsScattered { get; init; }

    /// <summary>Type and creator.</summary>
    public string Finder { get; init; } = string.Empty;

    /// <summary>Of a link the number of its target, of a target the number of links.</summary>
    public uint Special { get; init; }

    /// <summary>Flags of the record: 0x20 for a link in a chain.</summary>
    public ushort Flags { get; init; }

    /// <summary>Owner's flags: 0x20 for a compressed file.</summary>
    public byte OwnerFlags { get; init; }
}

/// <summary>Makes HFS+ and HFSX volumes after TN1150, for what no program of Debian makes and no sample has. One leaf
/// for each tree.</summary>
internal sealed class HfsPlusBuilder(bool isCaseSensitive = false)
{
    public const uint Root = 2;
    public const int BlockSize = 4096;

    private const int NodeSize = 32768;
    private const int TreeBlocks = 2 * NodeSize / BlockSize;
    private const int FirstDataBlock = 2 + (3 * TreeBlocks);
    private const uint Date = 0xd0000000;

    private readonly List<LeafRecord> _catalog = [];
    private readonly List<LeafRecord> _overflow = [];
    private readonly List<LeafRecord> _attributes = [];
    private readonly List<byte[]> _blocks = [];
    private uint _next = 16;
    private int _files;
    private int _folders;

    /// <summary>Adds a folder; the first one is the root, whose name is the volume's.</summary>
    public uint AddFolder(uint parent, string name, uint links = 0)
    {
        uint id = parent == 1 ? Root : _next++;
        byte[] data = Record(88, 1, id, links == 0 ? (ushort)0 : (ushort)0x20);
        BinaryPrimitives.WriteUInt16BigEndian(data.AsSpan(42), 0x41ed);
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(44), links);
        AddNamed(parent, name, id, data, 3);
        _folders += id == Root ? 0 : 1;
        return id;
    }

    /// <summary>Adds a file.</summary>
    public uint AddFile(uint parent, string name, byte[] content, HfsPlusFile? options = null)
    {
        options ??= new HfsPlusFile();
        uint id = _next++;
        byte[] data = Record(248, 2, id, options.Flags);
        data[41] = options.OwnerFlags;
        BinaryPrimitives.WriteUInt16BigEndian(data.AsSpan(42), 0x81a4);
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(44), options.Special);
        Encoding.ASCII.GetBytes(options.Finder).CopyTo(data, 48);
        WriteFork(data.AsSpan(88, 80), content, id, 0, options.IsScattered);
        WriteFork(data.AsSpan(168, 80), options.Resource, id, 0xff, isScattered: false);
        AddNamed(parent, name, id, data, 4);
        _files++;
        return id;
    }

    /// <summary>Adds an extended attribute, its value in the record.</summary>
    public void AddAttribute(uint file, string name, byte[] value)
    {
        byte[] key = [0, 0, .. Big(file), 0, 0, 0, 0, .. Name(name)];
        byte[] data = [.. Big(0x10), 0, 0, 0, 0, 0, 0, 0, 0, .. Big((uint)value.Length), .. value];
        _attributes.Add(new(file, name, key, data));
    }

    /// <summary>The volume.</summary>
    public byte[] Build()
    {
        int total = FirstDataBlock + _blocks.Count + 1;
        byte[] volume = new byte[total * BlockSize];
        Span<byte> header = volume.AsSpan(1024, 512);
        (isCaseSensitive ? "HX"u8 : "H+"u8).CopyTo(header);
        header[3] = isCaseSensitive ? (byte)5 : (byte)4;
        header[6] = 1; // unmounted
        "10.0"u8.CopyTo(header[8..]);
        Big(Date).CopyTo(header[16..]);
        Big((uint)_files).CopyTo(header[32..]);
        Big((uint)_folders).CopyTo(header[36..]);
        Big(BlockSize).CopyTo(header[40..]);
        Big((uint)total).CopyTo(header[44..]);
        Big(_next).CopyTo(header[64..]);
        WriteForkRecord(header.Slice(112, 80), BlockSize, [(1, 1)]);
        volume.AsSpan(BlockSize, (total + 7) / 8).Fill(0xff);
        List<LeafRecord>[] trees = [_overflow, _catalog, _attributes];
        for (int i = 0; i < trees.Length; i++)
        {
            int first = 2 + (i * TreeBlocks);
            WriteForkRecord(header.Slice(192 + (80 * i), 80), 2 * NodeSize, [(first, TreeBlocks)]);
            int maxKey = i switch { 0 => 10, 1 => 516, _ => 266 };
            WriteTree(volume.AsSpan(first * BlockSize, 2 * NodeSize), trees[i], maxKey, i > 0);
        }

        for (int i = 0; i < _blocks.Count; i++)
        {
            _blocks[i].CopyTo(volume, (FirstDataBlock + i) * BlockSize);
        }

        header.CopyTo(volume.AsSpan(volume.Length - 1024));
        return volume;
    }

    private static byte[] Record(int length, byte kind, uint id, ushort flags)
    {
        byte[] data = new byte[length];
        data[1] = kind;
        BinaryPrimitives.WriteUInt16BigEndian(data.AsSpan(2), flags);
        Big(id).CopyTo(data, 8);
        for (int i = 12; i < 28; i += 4)
        {
            Big(Date).CopyTo(data, i);
        }

        return data;
    }

    private static byte[] Big(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Name(string name) =>
        [(byte)(name.Length >> 8), (byte)name.Length, .. Encoding.BigEndianUnicode.GetBytes(name)];

    private static void WriteForkRecord(Span<byte> fork, int length, List<(int Start, int Count)> extents)
    {
        BinaryPrimitives.WriteInt64BigEndian(fork, length);
        BinaryPrimitives.WriteInt32BigEndian(fork[12..], extents.Sum(extent => extent.Count));
        WriteExtents(fork[16..], extents.Take(8));
    }

    private static void WriteExtents(Span<byte> record, IEnumerable<(int Start, int Count)> extents)
    {
        foreach ((int start, int count) in extents)
        {
            BinaryPrimitives.WriteInt32BigEndian(record, start);
            BinaryPrimitives.WriteInt32BigEndian(record[4..], count);
            record = record[8..];
        }
    }

    private void AddNamed(uint parent, string name, uint id, byte[] data, byte thread)
    {
        _catalog.Add(new(parent, Fold(name), [.. Big(parent), .. Name(name)], data));
        _catalog.Add(new(id, string.Empty, [.. Big(id), 0, 0], [0, thread, 0, 0, .. Big(parent), .. Name(name)]));
    }

    // Between the blocks of a scattered fork stand blocks of nobody.
    private void WriteFork(Span<byte> fork, byte[] content, uint id, byte kind, bool isScattered)
    {
        List<(int Start, int Count)> extents = [];
        int first = FirstDataBlock + _blocks.Count;
        foreach (byte[] block in content.Chunk(BlockSize))
        {
            if (isScattered)
            {
                _blocks.Add([.. Enumerable.Repeat((byte)0xee, BlockSize)]);
                extents.Add((FirstDataBlock + _blocks.Count, 1));
            }

            _blocks.Add(block);
        }

        if (!isScattered && content.Length > 0)
        {
            extents.Add((first, FirstDataBlock + _blocks.Count - first));
        }

        WriteForkRecord(fork, content.Length, extents);
        for (int i = 8; i < extents.Count; i += 8)
        {
            byte[] record = new byte[64];
            WriteExtents(record, extents.Skip(i).Take(8));
            _overflow.Add(new(((ulong)id << 8) | kind, $"{i:D8}", [kind, 0, .. Big(id), .. Big((uint)i)], record));
        }
    }

    private void WriteTree(Span<byte> tree, List<LeafRecord> records, int maxKey, bool hasNames)
    {
        LeafRecord[] sorted =
            [.. records.OrderBy(record => record.Number).ThenBy(record => record.Name, StringComparer.Ordinal)];
        int end = WriteNode(tree[..NodeSize], 1, 0, [new byte[106], new byte[128], new byte[NodeSize - 256]]);
        Span<byte> header = tree[14..];
        header[1] = 1; // depth
        header[5] = header[13] = header[17] = 1; // root, first and last leaf
        Big((uint)records.Count).CopyTo(header[6..]);
        BinaryPrimitives.WriteUInt16BigEndian(header[18..], NodeSize);
        BinaryPrimitives.WriteInt16BigEndian(header[20..], (short)maxKey);
        header[25] = 2; // nodes
        header[37] = isCaseSensitive ? (byte)0xbc : (byte)0xcf;
        header[41] = hasNames ? (byte)6 : (byte)2; // big keys, variable index keys
        tree[end - (NodeSize - 256)] = 0xc0; // both nodes are in use
        WriteNode(tree[NodeSize..], 0xff, 1, [.. sorted.Select(record => (byte[])
            [(byte)(record.Key.Length >> 8), (byte)record.Key.Length, .. record.Key, .. record.Data])]);
    }

    private static int WriteNode(Span<byte> node, byte kind, byte height, List<byte[]> records)
    {
        node[8] = kind;
        node[9] = height;
        BinaryPrimitives.WriteUInt16BigEndian(node[10..], (ushort)records.Count);
        int at = 14;
        for (int i = 0; i <= records.Count; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(node[^(2 * (i + 1))..], (ushort)at);
            if (i < records.Count)
            {
                records[i].CopyTo(node[at..]);
                at += (records[i].Length + 1) & ~1;
            }
        }

        return at;
    }

    // Names of the tests are of ASCII: in their order without regard to case where the volume has none.
    private string Fold(string name) => isCaseSensitive ? name : name.ToLowerInvariant();

    // Number and name give the order.
    private sealed record LeafRecord(ulong Number, string Name, byte[] Key, byte[] Data);
}
