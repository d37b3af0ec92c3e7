using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Imaged.Conformance.Apfs;

/// <summary>Makes APFS containers with one volume after the Apple File System Reference, for what no sample has. The
/// volume takes notice of case.</summary>
internal sealed class ApfsBuilder
{
    public const int BlockSize = 4096;
    public const ulong Root = 2;

    /// <summary>Block of the superblock of the volume.</summary>
    public const int VolumeBlock = 5;

    private const ulong VolumeId = 1026;
    private const ulong TreeId = 1028;
    private const int FirstLeaf = 9;
    private const int MaxLeaves = 16;
    private const int FirstData = FirstLeaf + MaxLeaves;
    private const uint Physical = 0x4000_0000;
    private const ulong Time = 1_600_000_000_123_456_789;

    private readonly List<FileRecord> _records = [];
    private readonly List<byte[]> _data = [];
    private readonly Dictionary<ulong, Inode> _inodes = [];
    private readonly Dictionary<ulong, int> _links = [];
    private ulong _next = 16;

    private readonly bool _hasHashedNames;

    /// <summary>An empty volume.</summary>
    /// <param name="hasHashedNames">Whether keys of names hold a hash; they have none on volumes of the first
    /// versions.</param>
    public ApfsBuilder(bool hasHashedNames = true)
    {
        _hasHashedNames = hasHashedNames;
        AddInode(Root, 1, "root", 0x41ed);
        AddInode(3, 1, "private-dir", 0x41ed);
    }

    /// <summary>Adds a folder.</summary>
    public ulong AddFolder(ulong parent, string name) => AddInode(_next++, parent, name, 0x41ed);

    /// <summary>Adds a file; blocks of zeros are not stored.</summary>
    public ulong AddFile(ulong parent, string name, byte[] content)
    {
        ulong id = AddInode(_next++, parent, name, 0x81a4, content.Length);
        _records.Add(new(id, 6, string.Empty, [], [1, 0, 0, 0]));
        AddStream(id, content);
        return id;
    }

    /// <summary>Adds a compressed file, whose content is in attributes.</summary>
    public ulong AddCompressed(ulong parent, string name, long length)
    {
        ulong id = AddInode(_next++, parent, name, 0x81a4);
        _inodes[id] = _inodes[id] with { CompressedLength = length };
        return id;
    }

    /// <summary>Adds a symbolic link.</summary>
    public void AddSymbolicLink(ulong parent, string name, string target) => AddAttribute(
        AddInode(_next++, parent, name, 0xa1ed), "com.apple.fs.symlink", [.. Encoding.UTF8.GetBytes(target), 0], 6);

    /// <summary>Adds a name of a file.</summary>
    public void AddName(ulong parent, string name, ulong id, int type = 8)
    {
        uint hash = name.Aggregate(uint.MaxValue, (sum, value) => BitOperations.Crc32C(sum, (uint)value));
        uint prefix = (uint)(name.Length + 1) | (hash << 10);
        byte[] start = _hasHashedNames ? BitConverter.GetBytes(prefix) : Little((ushort)(name.Length + 1));
        byte[] key = [.. start, .. Encoding.UTF8.GetBytes(name), 0];
        string order = _hasHashedNames ? $"{prefix:D10}" : name;
        _records.Add(new(parent, 9, order, key, [.. Little(id), .. Little(Time), .. Little((ushort)type)]));
        _links[id] = _links.GetValueOrDefault(id) + 1;
    }

    /// <summary>Adds an extended attribute.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="flags">1: in a stream, 2: in the record.</param>
    public void AddAttribute(ulong file, string name, byte[] value, ushort flags = 2)
    {
        byte[] key = [.. Little((ushort)(name.Length + 1)), .. Encoding.UTF8.GetBytes(name), 0];
        byte[] data = value;
        if (flags == 1)
        {
            ulong stream = _next++;
            AddStream(stream, value);
            data = [.. Little(stream), .. Stream(value.Length)];
        }

        _records.Add(new(file, 4, name, key, [.. Little(flags), .. Little((ushort)data.Length), .. data]));
    }

    /// <summary>The container.</summary>
    public byte[] Build()
    {
        byte[] image = new byte[(FirstData + _data.Count + 1) * BlockSize];
        List<FileRecord> records = [.. _records, .. _inodes.Select(item => InodeRecord(item.Key))];
        List<(byte[] Key, byte[] Value)> all = [.. records.OrderBy(r => r.Id).ThenBy(r => r.Kind)
            .ThenBy(r => r.Order, StringComparer.Ordinal)
            .Select(r => ((byte[])[.. Little(r.Id | ((ulong)r.Kind << 60)), .. r.Key], r.Value))];
        List<(ulong Id, ulong Block)> objects = [(TreeId, 8)];
        List<(byte[] Key, byte[] Value)> index = [];
        foreach ((byte[] Key, byte[] Value)[] leaf in Split(all))
        {
            ulong block = (ulong)(FirstLeaf + index.Count);
            index.Add((leaf[0].Key, Little(TreeId + block)));
            objects.Add((TreeId + block, block));
            WriteNode(image, (int)block, TreeId + block, 3, 14, 2, 0, leaf, 0);
        }

        WriteNode(image, 8, TreeId, 2, 14, 1, 1, [.. index], 0);
        Span<byte> root = Block(image, 8);
        BinaryPrimitives.WriteInt64LittleEndian(root[^16..], all.Count);
        BinaryPrimitives.WriteInt64LittleEndian(root[^8..], index.Count + 1);
        Sign(root);
        WriteMap(image, 3, [(VolumeId, VolumeBlock)]);
        WriteMap(image, 6, objects);
        WriteVolume(image);
        for (int i = 0; i < _data.Count; i++)
        {
            _data[i].CopyTo(image, (FirstData + i) * BlockSize);
        }

        // Checkpoint: a map of nothing, and the superblock, which the first block has, too.
        Span<byte> map = Block(image, 1);
        map[32] = 1;
        Seal(map, 1, 12 | Physical, 0);
        WriteContainer(image, 0);
        WriteContainer(image, 2);
        return image;
    }

    /// <summary>Writes the checksum of a block: Fletcher's, modulo 2^32 - 1.</summary>
    public static void Sign(Span<byte> block)
    {
        ulong low = 0;
        ulong high = 0;
        for (int i = 8; i < block.Length; i += 4)
        {
            low = (low + BinaryPrimitives.ReadUInt32LittleEndian(block[i..])) % uint.MaxValue;
            high = (high + low) % uint.MaxValue;
        }

        ulong first = uint.MaxValue - ((low + high) % uint.MaxValue);
        ulong second = uint.MaxValue - ((low + first) % uint.MaxValue);
        BinaryPrimitives.WriteUInt64LittleEndian(block, (second << 32) | first);
    }

    private static Span<byte> Block(byte[] image, int number) => image.AsSpan(number * BlockSize, BlockSize);

    private static byte[] Little(ulong value) => BitConverter.GetBytes(value);

    private static byte[] Little(ushort value) => BitConverter.GetBytes(value);

    private static byte[] Stream(int length)
    {
        ulong allocated = (ulong)((length + BlockSize - 1) / BlockSize * BlockSize);
        return [.. Little((ulong)length), .. Little(allocated), .. new byte[24]];
    }

    private static IEnumerable<(byte[] Key, byte[] Value)[]> Split(List<(byte[] Key, byte[] Value)> records)
    {
        List<(byte[] Key, byte[] Value)> leaf = [];
        int length = 0;
        foreach ((byte[] key, byte[] value) in records)
        {
            int more = key.Length + value.Length + 24;
            if (length + more > BlockSize - 128)
            {
                yield return [.. leaf];
                leaf.Clear();
                length = 0;
            }

            leaf.Add((key, value));
            length += more;
        }

        yield return [.. leaf];
    }

    private static void Seal(Span<byte> block, ulong id, uint type, uint subtype)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(block[8..], id);
        BinaryPrimitives.WriteUInt64LittleEndian(block[16..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(block[24..], type);
        BinaryPrimitives.WriteUInt32LittleEndian(block[28..], subtype);
        Sign(block);
    }

    private static void WriteMap(byte[] image, int block, List<(ulong Id, ulong Block)> objects)
    {
        Span<byte> map = Block(image, block);
        BinaryPrimitives.WriteUInt32LittleEndian(map[40..], 2 | Physical);
        BinaryPrimitives.WriteUInt32LittleEndian(map[44..], 2 | Physical);
        BinaryPrimitives.WriteUInt64LittleEndian(map[48..], (ulong)block + 1);
        Seal(map, (ulong)block, 11 | Physical, 0);
        (byte[] Key, byte[] Value)[] records = [.. objects.OrderBy(item => item.Id).Select(item => (
            (byte[])[.. Little(item.Id), .. Little(2ul)],
            (byte[])[0, 0, 0, 0, 0, 16, 0, 0, .. Little(item.Block)]))];
        WriteNode(image, block + 1, (ulong)block + 1, 2 | Physical, 11, 1 | 2 | 4, 0, records, 16);
    }

    // Flags: 1 a root, 2 a leaf, 4 lengths are fixed.
    private static void WriteNode(
        byte[] image,
        int block,
        ulong id,
        uint type,
        uint subtype,
        ushort flags,
        ushort level,
        (byte[] Key, byte[] Value)[] records,
        int fixedLength)
    {
        Span<byte> node = Block(image, block);
        int entryLength = (flags & 4) != 0 ? 4 : 8;
        BinaryPrimitives.WriteUInt16LittleEndian(node[32..], flags);
        BinaryPrimitives.WriteUInt16LittleEndian(node[34..], level);
        BinaryPrimitives.WriteInt32LittleEndian(node[36..], records.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(node[42..], (ushort)(records.Length * entryLength));
        int keys = 56 + (records.Length * entryLength);
        int end = BlockSize - ((flags & 1) != 0 ? 40 : 0);
        int key = 0;
        int value = 0;
        for (int i = 0; i < records.Length; i++)
        {
            value += (records[i].Value.Length + 7) & ~7;
            records[i].Key.CopyTo(node[(keys + key)..]);
            records[i].Value.CopyTo(node[(end - value)..]);
            Span<byte> entry = node[(56 + (i * entryLength))..];
            ushort[] fields = entryLength == 4
                ? [(ushort)key, (ushort)value]
                : [(ushort)key, (ushort)records[i].Key.Length, (ushort)value, (ushort)records[i].Value.Length];
            for (int j = 0; j < fields.Length; j++)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(entry[(2 * j)..], fields[j]);
            }

            key += (records[i].Key.Length + 7) & ~7;
        }

        BinaryPrimitives.WriteUInt16LittleEndian(node[44..], (ushort)key);
        BinaryPrimitives.WriteUInt16LittleEndian(node[46..], (ushort)(end - value - keys - key));
        BinaryPrimitives.WriteUInt16LittleEndian(node[48..], 0xffff);
        BinaryPrimitives.WriteUInt16LittleEndian(node[52..], 0xffff);
        if ((flags & 1) != 0)
        {
            Span<byte> info = node[end..];
            BinaryPrimitives.WriteUInt32LittleEndian(info, fixedLength > 0 ? 0x10u : 0);
            BinaryPrimitives.WriteInt32LittleEndian(info[4..], BlockSize);
            BinaryPrimitives.WriteInt32LittleEndian(info[8..], fixedLength);
            BinaryPrimitives.WriteInt32LittleEndian(info[12..], fixedLength);
            BinaryPrimitives.WriteInt32LittleEndian(info[16..], fixedLength > 0 ? 16 : 300);
            BinaryPrimitives.WriteInt32LittleEndian(info[20..], fixedLength > 0 ? 16 : 3000);
            BinaryPrimitives.WriteInt64LittleEndian(info[24..], records.Length);
            BinaryPrimitives.WriteInt64LittleEndian(info[32..], 1);
        }

        Seal(node, id, type, subtype);
    }

    private static void WriteContainer(byte[] image, int block)
    {
        Span<byte> raw = Block(image, block);
        "NXSB"u8.CopyTo(raw[32..]);
        BinaryPrimitives.WriteUInt32LittleEndian(raw[36..], BlockSize);
        BinaryPrimitives.WriteInt64LittleEndian(raw[40..], image.Length / BlockSize);
        BinaryPrimitives.WriteUInt64LittleEndian(raw[64..], 2);
        raw.Slice(72, 16).Fill(0x11);
        BinaryPrimitives.WriteUInt64LittleEndian(raw[88..], 4000);
        BinaryPrimitives.WriteUInt64LittleEndian(raw[96..], 5);
        BinaryPrimitives.WriteUInt32LittleEndian(raw[104..], 2);
        BinaryPrimitives.WriteUInt32LittleEndian(raw[108..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(raw[112..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(raw[120..], (ulong)(image.Length / BlockSize) - 1);
        BinaryPrimitives.WriteUInt32LittleEndian(raw[140..], 2);
        BinaryPrimitives.WriteUInt64LittleEndian(raw[160..], 3);
        BinaryPrimitives.WriteUInt32LittleEndian(raw[180..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(raw[184..], VolumeId);
        Seal(raw, 1, 0x8000_0001, 0);
    }

    private void WriteVolume(byte[] image)
    {
        Span<byte> raw = Block(image, VolumeBlock);
        "APSB"u8.CopyTo(raw[32..]);
        raw[56] = _hasHashedNames ? (byte)8 : (byte)0;
        BinaryPrimitives.WriteUInt32LittleEndian(raw[116..], 2);
        BinaryPrimitives.WriteUInt32LittleEndian(raw[120..], 2 | Physical);
        BinaryPrimitives.WriteUInt32LittleEndian(raw[124..], 2 | Physical);
        BinaryPrimitives.WriteUInt64LittleEndian(raw[128..], 6);
        BinaryPrimitives.WriteUInt64LittleEndian(raw[136..], TreeId);
        BinaryPrimitives.WriteUInt64LittleEndian(raw[176..], _next);
        BinaryPrimitives.WriteInt64LittleEndian(raw[184..], _inodes.Count);
        raw.Slice(240, 16).Fill(0x22);
        BinaryPrimitives.WriteUInt64LittleEndian(raw[264..], 1);
        "Volume"u8.CopyTo(raw[704..]);
        Seal(raw, VolumeId, 13, 0);
    }

    private ulong AddInode(ulong id, ulong parent, string name, ushort mode, long length = -1)
    {
        _inodes[id] = new(parent, name, mode, length);
        AddName(parent, name, id, mode >> 12);
        return id;
    }

    private FileRecord InodeRecord(ulong id)
    {
        (ulong parent, string name, ushort mode, long length, long compressed) = _inodes[id];
        byte[] raw = new byte[92];
        BinaryPrimitives.WriteUInt64LittleEndian(raw, parent);
        BinaryPrimitives.WriteUInt64LittleEndian(raw.AsSpan(8), id);
        for (int i = 16; i < 48; i += 8)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(raw.AsSpan(i), Time);
        }

        BinaryPrimitives.WriteInt32LittleEndian(raw.AsSpan(56), mode >> 12 == 4
            ? _records.Count(record => record.Kind == 9 && record.Id == id)
            : _links[id]);
        BinaryPrimitives.WriteUInt16LittleEndian(raw.AsSpan(80), mode);
        if (compressed >= 0)
        {
            raw[50] = 4; // has an uncompressed size
            raw[68] = 0x20; // is compressed
            BinaryPrimitives.WriteInt64LittleEndian(raw.AsSpan(84), compressed);
        }

        byte[] text = new byte[(name.Length + 8) & ~7];
        Encoding.UTF8.GetBytes(name).CopyTo(text, 0);
        byte[] stream = length < 0 ? [] : Stream((int)length);
        byte[] fields = [4, 2, .. Little((ushort)(name.Length + 1)), .. length < 0 ? (byte[])[] : [8, 0x20, 40, 0]];
        ushort used = (ushort)(text.Length + stream.Length);
        return new(id, 3, string.Empty, [], [
            .. raw, .. Little((ushort)(fields.Length / 4)), .. Little(used), .. fields, .. text, .. stream,
        ]);
    }

    private void AddStream(ulong id, byte[] content)
    {
        byte[][] blocks = [.. content.Chunk(BlockSize)];
        for (int i = 0; i < blocks.Length; i++)
        {
            bool isHole = !blocks[i].AsSpan().ContainsAnyExcept((byte)0);
            ulong block = isHole ? 0 : (ulong)(FirstData + _data.Count);
            if (!isHole)
            {
                // Behind each one stands one of nobody.
                _data.Add(blocks[i]);
                _data.Add([.. Enumerable.Repeat((byte)0xee, BlockSize)]);
            }

            ulong offset = (ulong)(i * BlockSize);
            _records.Add(new(id, 8, $"{offset:D16}", Little(offset), [
                .. Little((ulong)BlockSize), .. Little(block), .. Little(0ul),
            ]));
        }

    }

    private sealed record Inode(ulong Parent, string Name, ushort Mode, long Length, long CompressedLength = -1);

    // Order: of the records of one id and kind.
    private sealed record FileRecord(ulong Id, int Kind, string Order, byte[] Key, byte[] Value);
}
