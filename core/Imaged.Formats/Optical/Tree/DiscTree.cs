using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Cue;

namespace Imaged.Formats.Optical.Tree;

/// <summary>A disc as files: <c>track02.wav</c>, <c>track01.iso</c>, and the whole as <c>disc.cue</c> with
/// <c>disc.bin</c> and, when subchannels are stored, <c>disc.sub</c>. Of a disc with several sessions the tracks stand
/// in <c>session1</c>, <c>session2</c> and so on.</summary>
public sealed class DiscTree : FileTree
{
    /// <summary>Id of this view, where that of a file system is asked for.</summary>
    public const string Id = "disc";

    private const ulong RootId = 1;
    private const ulong SheetId = 2;
    private const ulong StreamId = 3;
    private const ulong SubchannelId = 4;
    private const ulong FirstTrackId = 0x100;
    private const ulong FirstSessionId = 0x200;
    private const string StreamName = "disc.bin";

    private readonly Disc _disc;
    private readonly byte[] _sheet;
    private readonly Dictionary<ulong, List<Item>> _directories = [];
    private readonly Dictionary<ulong, NodeInfo> _nodes = [];

    /// <summary>The files of a disc. What stores its sectors must outlive the tree.</summary>
    public DiscTree(Disc disc)
    {
        _disc = disc;
        _sheet = Encoding.UTF8.GetBytes(CueWriter.Write(disc, StreamName));
        _directories.Add(RootId, []);
        _nodes.Add(RootId, Directory(RootId));
        bool hasSessions = disc.Sessions.Length > 1;
        foreach (DiscSession session in disc.Sessions)
        {
            ulong directory = RootId;
            if (hasSessions)
            {
                directory = FirstSessionId + (ulong)session.Number;
                _directories.Add(directory, []);
                Add(RootId, $"session{session.Number}", Directory(directory));
            }

            foreach (DiscTrack track in session.Tracks)
            {
                ulong id = FirstTrackId + (ulong)track.Number;
                Add(
                    directory,
                    FormattableString.Invariant($"track{track.Number:D2}.{(track.IsData ? "iso" : "wav")}"),
                    File(id, track.IsData ? track.Length * SectorLayouts.DataLength : WaveSource.LengthOf(track)));
            }
        }

        using BlockSource stream = DiscStream.Open(disc);
        Add(RootId, "disc.cue", File(SheetId, _sheet.Length));
        Add(RootId, StreamName, File(StreamId, stream.Length));
        if (disc.HasSubchannel)
        {
            using SubchannelStream subchannel = new(disc);
            Add(RootId, "disc.sub", File(SubchannelId, subchannel.Length));
        }

        Volume = new VolumeInfo(Id, stream.Length) { Label = disc.Text.Title };
    }

    /// <inheritdoc/>
    public override VolumeInfo Volume { get; }

    /// <inheritdoc/>
    public override NodeInfo Root => _nodes[RootId];

    /// <inheritdoc/>
    public override NodeInfo GetNode(ulong node) =>
        _nodes.TryGetValue(node, out NodeInfo info)
            ? info
            : throw new ImageFormatException(Id, 0, $"there is no node {node}");

    /// <inheritdoc/>
    public override bool TryLookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node)
    {
        foreach (Item item in ItemsOf(directory))
        {
            if (name.SequenceEqual(item.Name))
            {
                node = item.Node;
                return true;
            }
        }

        node = default;
        return false;
    }

    /// <inheritdoc/>
    public override IEnumerable<DirectoryEntry> ReadDirectory(ulong directory, long cookie)
    {
        List<Item> items = ItemsOf(directory);
        for (int i = (int)Math.Clamp(cookie, 0, items.Count); i < items.Count; i++)
        {
            yield return new DirectoryEntry(items[i].Name, items[i].Node, i + 1);
        }
    }

    /// <inheritdoc/>
    public override BlockSource OpenFile(ulong node)
    {
        switch (node)
        {
            case SheetId:
                return new MemorySource(_sheet);
            case StreamId:
                return DiscStream.Open(_disc);
            case SubchannelId when _nodes.ContainsKey(node):
                return new SubchannelStream(_disc);
            case > FirstTrackId and < FirstSessionId when _disc.FindTrack((int)(node - FirstTrackId)) is { } track:
                return track.IsData ? DiscVolume.OpenTrack(track) : WaveSource.Create(track);
            default:
                throw new ImageFormatException(Id, 0, $"node {node} is no file");
        }
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> ReadLink(ulong node) =>
        throw new ImageFormatException(Id, 0, $"node {node} is no symbolic link");

    private static NodeInfo Directory(ulong id) => new(id, FileType.Directory, 0x16d, 0) { Links = 2 };

    private static NodeInfo File(ulong id, long size) => new(id, FileType.Regular, 0x124, size);

    private List<Item> ItemsOf(ulong directory) =>
        _directories.TryGetValue(directory, out List<Item>? items)
            ? items
            : throw new ImageFormatException(Id, 0, $"node {directory} is no directory");

    private void Add(ulong directory, string name, NodeInfo node)
    {
        _directories[directory].Add(new(Encoding.UTF8.GetBytes(name), node));
        _nodes.Add(node.Id, node);
    }

    private readonly record struct Item(byte[] Name, NodeInfo Node);
}
