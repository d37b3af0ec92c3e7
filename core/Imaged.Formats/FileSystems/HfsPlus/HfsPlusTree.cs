using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Apple;
using Imaged.Formats.Hfs;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.HfsPlus;

/// <summary>The files of an HFS+ volume.</summary>
internal sealed class HfsPlusTree : HfsCatalogTree<HfsPlusEntry>
{
    private const int MaxLinkLength = 4095;

    private readonly HfsPlusVolume _volume;
    private readonly HfsPlusLinks _links;

    /// <summary>Takes over the volume, unless it throws.</summary>
    public HfsPlusTree(HfsPlusVolume volume, VolumeInfo info)
        : base(volume.Catalog, volume.Forks, info)
    {
        _volume = volume;
        _links = new HfsPlusLinks(volume);
    }

    public override TreeStatistics Statistics => new(
        (long)_volume.TotalBlocks * _volume.Forks.BlockLength,
        (long)Math.Min(_volume.FreeBlocks, _volume.TotalBlocks) * _volume.Forks.BlockLength,
        (long)_volume.FileCount + _volume.FolderCount + 1,
        _volume.Forks.BlockLength);

    public override ReadOnlyMemory<byte> ReadLink(ulong node)
    {
        HfsPlusEntry entry = Read(node);
        if (entry.Type != FileType.SymbolicLink || entry.DataFork.Length > MaxLinkLength)
        {
            ImageFormatException.Throw(
                HfsPlusFileSystem.Id, 0, $"file {entry.Id} is no symbolic link, or its target is too long");
        }

        using HfsForkSource fork = _volume.Forks.Open(entry.DataFork, entry.Id, isResource: false);
        byte[] target = fork.ReadBytes(0, (int)fork.Length);
        int end = target.AsSpan().IndexOf((byte)0);
        return end < 0 ? target : target.AsMemory(0, end);
    }

    public override ImmutableArray<string> ListAttributes(ulong node)
    {
        HfsPlusEntry entry = Read(node);
        bool isCompressed = CompressionOf(entry) is not null;
        ImmutableArray<string>.Builder names = base.ListAttributes(node).ToBuilder();
        foreach ((string name, _) in HfsPlusAttributes.Read(_volume, entry.Id, UserAttributes.MaxLength))
        {
            // That the content is compressed is no matter of whoever reads it.
            if (IsName(name) && !(isCompressed && name == Decmpfs.AttributeName))
            {
                names.Add(UserAttributes.Prefix + name);
            }
        }

        return names.ToImmutable();
    }

    public override byte[]? GetAttribute(ulong node, string name) =>
        base.GetAttribute(node, name) is { } builtIn ? builtIn
        : ListAttributes(node).Contains(name) ? FindAttribute(Read(node), name[UserAttributes.Prefix.Length..])
        : null;

    protected override void Dispose(bool disposing) => _volume.Dispose();

    protected override bool IsHidden(HfsPlusEntry entry, ReadOnlySpan<byte> name) =>
        HfsPlusLinks.IsHidden(entry, name);

    protected override bool HasResourceFork(HfsPlusEntry entry) =>
        base.HasResourceFork(entry) && CompressionOf(entry) is null;

    protected override BlockSource Open(HfsPlusEntry entry)
    {
        if (CompressionOf(entry) is not { } compression)
        {
            return base.Open(entry);
        }

        return compression.IsInFork
            ? new DecmpfsSource(
                compression, _volume.Forks.Open(entry.ResourceFork, entry.Id, isResource: true), _volume.Cache)
            : compression.OpenInline();
    }

    protected override NodeInfo ToNode(HfsPlusEntry entry) => CompressionOf(entry) is { } compression
        ? entry.ToNode(compression.Length)
        : base.ToNode(entry);

    // What a link links to. What is damaged stays visible; whoever opens it gets the error.
    protected override NodeInfo NodeOf(HfsPlusEntry entry)
    {
        try
        {
            return ToNode(_links.Resolve(entry));
        }
        catch (ImageFormatException)
        {
            return entry.ToNode(0);
        }
    }

    // What Linux takes, and what no field of the catalog stands for.
    private static bool IsName(string name) =>
        UserAttributes.IsName(name) && !IsBuiltIn(UserAttributes.Prefix + name);

    private byte[]? FindAttribute(HfsPlusEntry entry, string name)
    {
        foreach ((string found, Func<byte[]> value) in
            HfsPlusAttributes.Read(_volume, entry.Id, UserAttributes.MaxLength))
        {
            if (found == name)
            {
                return value();
            }
        }

        return null;
    }

    private Decmpfs? CompressionOf(HfsPlusEntry entry) =>
        entry.IsCompressed && FindAttribute(entry, Decmpfs.AttributeName) is { } value
            ? Decmpfs.Parse(HfsPlusFileSystem.Id, value)
            : null;
}
