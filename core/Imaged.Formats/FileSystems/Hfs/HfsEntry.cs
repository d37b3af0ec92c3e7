using System.Buffers.Binary;
using Imaged.Formats.Apple;
using Imaged.Formats.Model;

namespace Imaged.Formats.Hfs;

/// <summary>A file or folder of the catalog (Inside Macintosh: Files, "Catalog File Data Records").</summary>
internal sealed class HfsEntry : HfsCatalogEntry
{
    /// <summary>Bytes of a key before the name.</summary>
    public const int KeyLength = 6;

    private const byte FolderKind = 1;
    private const byte FileKind = 2;
    private const int FolderLength = 70;
    private const int FileLength = 102;
    private const byte Locked = 1;

    private readonly byte[] _key;
    private readonly byte[] _finderInfo;

    private HfsEntry(ulong node, byte[] key, byte[] data)
        : base(node, data)
    {
        _key = key;

        // Two halves, which do not stand together in the record of a file.
        _finderInfo = IsFolder ? data[22..54] : [.. data[4..20], .. data[56..72]];
    }

    /// <inheritdoc/>
    public override uint Parent => BinaryPrimitives.ReadUInt32BigEndian(_key.AsSpan(1));

    /// <inheritdoc/>
    public override uint Id => UInt32(IsFolder ? 6 : 20);

    /// <inheritdoc/>
    public override bool IsFolder => Data[0] == FolderKind;

    /// <inheritdoc/>
    public override FileType Type => IsFolder ? FileType.Directory : FileType.Regular;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> FinderInfo => _finderInfo;

    /// <inheritdoc/>
    public override HfsFork DataFork => ParseFork(26, 74);

    /// <inheritdoc/>
    public override HfsFork ResourceFork => ParseFork(36, 86);

    private long AllocatedLength => IsFolder ? 0 : (long)UInt32(30) + UInt32(40);

    /// <summary>The file or folder that stands at a record; null when it is something else (a thread).</summary>
    public static HfsEntry? TryRead(HfsNode node, int index)
    {
        ReadOnlySpan<byte> key = node.Read(index, 0, out ReadOnlySpan<byte> data);
        int kind = data.IsEmpty ? 0 : data[0];
        int length = kind switch { FolderKind => FolderLength, FileKind => FileLength, _ => int.MaxValue };
        return data.Length < length || key.Length < KeyLength
            ? null
            : new(((ulong)node.Number << 16) | (uint)index, key.ToArray(), data[..length].ToArray());
    }

    /// <inheritdoc/>
    public override NodeInfo ToNode(long size)
    {
        int times = IsFolder ? 10 : 44;
        bool isLocked = !IsFolder && (Data[2] & Locked) != 0;
        return new NodeInfo(Node, Type, (ushort)(IsFolder ? 0x1ed : isLocked ? 0x124 : 0x1a4), size) // 0755, 0444, 0644
        {
            Inode = Id,
            Links = 1,
            AllocatedBytes = AllocatedLength,
            Created = Time(times),
            Modified = Time(times + 4),
            Changed = Time(times + 4),
            Accessed = Time(times + 4),
        };
    }

    /// <inheritdoc/>
    protected override string StoredName()
    {
        int length = _key[KeyLength - 1];
        return length > _key.Length - KeyLength ? string.Empty : MacRoman.Decode(_key.AsSpan(KeyLength, length));
    }

    private HfsFork ParseFork(int offset, int extents) =>
        new(UInt32(offset), Data.Slice(extents, HfsVolume.Layout.ExtentRecordLength).ToArray());
}
