using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Udf;

/// <summary>The files of a UDF volume. A node's id is the address of its ICB, a cookie the byte offset in the
/// directory.</summary>
internal sealed class UdfTree : FileTree
{
    // Three million names; a directory has no holes, so that it takes as much of the volume.
    private const long MaxDirectoryLength = 128 << 20;
    private const int ListingChunk = 32768;
    private const int LookupChunk = 1024;
    private const int MaxFileSets = 64;

    private readonly UdfVolume _volume;
    private readonly DirectoryIndexCache<UdfFileSource> _indices = new();

    private UdfTree(UdfVolume volume, UdfAddress root, List<string> warnings)
    {
        _volume = volume;
        Root = ReadNode(root);
        if (Root.Type != FileType.Directory)
        {
            volume.Throw(root, "the root is no directory");
        }

        Volume = UdfFileSystem.Describe(volume.Sequence, warnings);
        string partitions = string.Join(", ", volume.Partitions.Select(partition => partition.Kind));
        Volume = Volume with { Details = [.. Volume.Details, new("Partitions", partitions)] };
        if (volume.TableCount > 1)
        {
            string tables = string.Create(
                CultureInfo.InvariantCulture,
                $"{volume.TableCount}, number {volume.TableCount - volume.TableAge} is shown");
            Volume = Volume with { Details = [.. Volume.Details, new("Virtual allocation tables", tables)] };
        }
    }

    /// <inheritdoc/>
    public override VolumeInfo Volume { get; }

    /// <inheritdoc/>
    public override NodeInfo Root { get; }

    /// <inheritdoc/>
    public override bool HasAttributes => _volume.Sequence.Revision >= 0x0200;

    /// <inheritdoc/>
    public override TreeStatistics Statistics
    {
        get
        {
            UdfIntegrity? integrity = _volume.Sequence.Integrity;
            long blocks = integrity is { SizeBlocks: > 0 } known
                ? known.SizeBlocks
                : _volume.Sequence.Partitions.Values.Sum(partition => (long)partition.Length);
            return new(
                blocks * _volume.BlockSize,
                (integrity?.FreeBlocks ?? 0) * _volume.BlockSize,
                integrity?.Nodes ?? 0,
                _volume.BlockSize);
        }
    }

    /// <summary>Opens the tree of a session.</summary>
    /// <param name="source">Stays the caller's.</param>
    /// <param name="session">The session.</param>
    /// <param name="cache">For directories and ICBs.</param>
    public static UdfTree Open(BlockSource source, UdfSession session, BlockCache cache)
    {
        UdfVolume volume = new(source, session.Sequence, cache) { TableAge = session.Age };
        try
        {
            List<string> warnings = [];
            UdfPartitionMaps.Build(volume, warnings);
            return new(volume, FindRoot(volume), warnings);
        }
        catch
        {
            volume.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override NodeInfo GetNode(ulong node) => ReadNode(Address(node));

    /// <inheritdoc/>
    public override bool TryLookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node)
    {
        UdfAddress address = Address(directory);
        DirectoryIndex<UdfFileSource> index = _indices.Get(directory, MakeIndex);
        ulong hash = DirectoryIndex<UdfFileSource>.Hash(name);
        using UdfDirectoryReader reader = new(_volume, index.Content, address, LookupChunk);
        for (long at = index.Find(hash, 0); at >= 0; at = index.Find(hash, at + 1))
        {
            reader.Position = at;
            if (reader.TryRead(out UdfName found) && name.SequenceEqual(UdfText.ToFileName(found.Raw)))
            {
                node = ReadNode(found.Icb.Address);
                return true;
            }
        }

        index.ThrowIfDamaged(UdfFileSystem.Id);
        node = default;
        return false;
    }

    /// <inheritdoc/>
    public override IEnumerable<DirectoryEntry> ReadDirectory(ulong directory, long cookie)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cookie);
        UdfAddress address = Address(directory);
        return ReadDirectory(address, OpenDirectory(address), cookie);
    }

    /// <inheritdoc/>
    public override BlockSource OpenFile(ulong node)
    {
        UdfAddress address = Address(node);
        return WithIcb(address, icb =>
        {
            if (icb.Icb.FileType is not (UdfFileType.Unspecified or UdfFileType.Regular or UdfFileType.RealTime))
            {
                _volume.Throw(address, $"file type {(int)icb.Icb.FileType} is not that of a regular file");
            }

            return new UdfFileSource(_volume, UdfAllocation.Read(_volume, icb.Icb, icb.Block), metadata: false);
        });
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> ReadLink(ulong node)
    {
        UdfAddress address = Address(node);
        return WithIcb(address, icb => ReadLink(address, icb));
    }

    /// <inheritdoc/>
    public override ImmutableArray<string> ListAttributes(ulong node) =>
        WithIcb(Address(node), icb => UdfStreams.List(_volume, icb.Icb, icb.Block));

    /// <inheritdoc/>
    public override byte[]? GetAttribute(ulong node, string name) =>
        WithIcb(Address(node), icb => UdfStreams.Read(_volume, icb.Icb, icb.Block, name));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _volume.Dispose();

    // The newest file set descriptor leads to the root: they follow each other in their extent, and may go on
    // elsewhere.
    private static UdfAddress FindRoot(UdfVolume volume)
    {
        UdfLongAd extent = volume.Sequence.FileSet;
        UdfAddress? root = null;
        byte[] block = new byte[volume.BlockSize];
        HashSet<UdfAddress> visited = [];
        for (int sets = 0; sets < MaxFileSets && extent.Length > 0 && visited.Add(extent.Address); sets++)
        {
            UdfLongAd next = default;
            try
            {
                if (volume.ReadDescriptor(extent.Address, block).Id != UdfTagId.FileSet)
                {
                    break;
                }

                next = UdfLongAd.Parse(block.AsSpan(448));
                root = UdfLongAd.Parse(block.AsSpan(400)).Address;
            }
            catch (ImageFormatException) when (root is not null)
            {
                break;
            }

            // Behind the last one there is a terminating descriptor, or nothing that was ever written.
            if (next.Length == 0 && extent.Length > volume.BlockSize && extent.Address.Block < uint.MaxValue)
            {
                next = extent with
                {
                    Length = extent.Length - (uint)volume.BlockSize,
                    Address = extent.Address with { Block = extent.Address.Block + 1 },
                };
            }

            extent = next;
        }

        return root ?? volume.Throw<UdfAddress>(volume.Sequence.FileSet.Address, "there is no file set descriptor");
    }

    private UdfAddress Address(ulong node)
    {
        if (!UdfAddress.TryFromNodeId(node, out UdfAddress address))
        {
            ImageFormatException.Throw(UdfFileSystem.Id, 0, $"{node} is not the id of a node");
        }

        return address;
    }

    private DirectoryIndex<UdfFileSource> MakeIndex(ulong directory)
    {
        UdfAddress address = Address(directory);
        UdfFileSource content = OpenDirectory(address);
        using UdfDirectoryReader reader = new(_volume, content, address, ListingChunk);
        return reader.MakeIndex();
    }

    private IEnumerable<DirectoryEntry> ReadDirectory(UdfAddress address, UdfFileSource content, long cookie)
    {
        using UdfDirectoryReader reader = new(_volume, content, address, ListingChunk);
        reader.Position = cookie;
        while (TryReadEntry(reader, out DirectoryEntry entry))
        {
            yield return entry;
        }
    }

    private bool TryReadEntry(UdfDirectoryReader reader, out DirectoryEntry entry)
    {
        while (reader.TryRead(out UdfName name))
        {
            if (name.IsFile && UdfText.ToFileName(name.Raw) is { Length: > 0 } text)
            {
                entry = new(text, ReadNodeOrStub(name), name.End);
                return true;
            }
        }

        entry = default;
        return false;
    }

    // A file whose ICB is damaged does not hide the others: it is listed as an empty one, and everything that is done
    // with it fails.
    private NodeInfo ReadNodeOrStub(in UdfName name)
    {
        try
        {
            return ReadNode(name.Icb.Address);
        }
        catch (IOException)
        {
            FileType type = name.IsDirectory ? FileType.Directory : FileType.Regular;
            return new(name.Icb.Address.ToNodeId(), type, 0, 0);
        }
    }

    private UdfFileSource OpenDirectory(UdfAddress address) => WithIcb(address, icb =>
    {
        long limit = Math.Min(MaxDirectoryLength, _volume.Source.Length);
        if (icb.Icb.FileType != UdfFileType.Directory || icb.Icb.Length > limit)
        {
            _volume.Throw(
                address,
                $"file type {(int)icb.Icb.FileType}, length {icb.Icb.Length}: no directory of up to {limit} bytes");
        }

        return new UdfFileSource(_volume, UdfAllocation.Read(_volume, icb.Icb, icb.Block), metadata: true);
    });

    private NodeInfo ReadNode(UdfAddress address) => WithIcb(address, icb =>
    {
        ReadOnlySpan<byte> block = icb.Block;
        NodeInfo node = icb.Icb.ToNode(block, address.ToNodeId(), _volume);
        if (node.Type is FileType.BlockDevice or FileType.CharacterDevice)
        {
            (uint major, uint minor) = UdfDevice.Find(
                block.Slice(icb.Icb.AttributesOffset, icb.Icb.AttributesLength));
            return node with { DeviceMajor = major, DeviceMinor = minor };
        }

        return node.Type == FileType.SymbolicLink ? node with { Size = ReadLink(address, icb).Length } : node;
    });

    private byte[] ReadLink(UdfAddress address, in LoadedIcb icb)
    {
        if (icb.Icb.FileType != UdfFileType.SymbolicLink || icb.Icb.Length > UdfSymbolicLink.MaxContentLength)
        {
            _volume.Throw(address, $"file type {(int)icb.Icb.FileType}, length {icb.Icb.Length}: no symbolic link");
        }

        using UdfFileSource content = new(_volume, UdfAllocation.Read(_volume, icb.Icb, icb.Block), metadata: true);
        return UdfSymbolicLink.ToPath(content.ReadBytes(0, (int)content.Length))
            ?? _volume.Throw<byte[]>(address, "the components of the symbolic link make no path");
    }

    private T WithIcb<T>(UdfAddress address, Func<LoadedIcb, T> use)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(_volume.BlockSize);
        try
        {
            Span<byte> block = buffer.AsSpan(0, _volume.BlockSize);
            UdfIcb icb = _volume.ReadIcb(address, block);
            return use(new(icb, block));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private readonly ref struct LoadedIcb
    {
        public LoadedIcb(in UdfIcb icb, ReadOnlySpan<byte> block)
        {
            Icb = icb;
            Block = block;
        }

        public UdfIcb Icb { get; }

        public ReadOnlySpan<byte> Block { get; }
    }
}
