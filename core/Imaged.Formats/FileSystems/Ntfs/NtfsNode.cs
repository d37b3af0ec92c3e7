using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Ntfs;

/// <summary>A file, directory or link, as a tree shows it. For one thread.</summary>
internal sealed class NtfsNode
{
    private const int StandardLength = 36;
    private const ushort LinkPermissions = 0x1ff;

    // Deeper than a path can be.
    private const int MaxDepth = 1365;

    private readonly NtfsVolume _volume;
    private readonly NtfsFile _file;
    private readonly byte[] _standard;
    private readonly NtfsAttribute? _data;
    private readonly NtfsReparsePoint? _reparse;
    private readonly InterixFile? _special;

    /// <summary>Opens a node.</summary>
    /// <exception cref="ImageFormatException">There is none, or it is damaged.</exception>
    public NtfsNode(NtfsVolume volume, NtfsReference reference)
    {
        if (reference.Number < NtfsVolume.FirstUserNumber && reference.Number != NtfsVolume.RootNumber)
        {
            ImageFormatException.Throw(NtfsFileSystem.Id, 0, $"file {reference.Number} is one of the volume's own");
        }

        _volume = volume;
        _file = volume.OpenFile(reference);
        NtfsAttribute? standard = _file.Find(NtfsAttributeType.StandardInformation);
        _standard = standard is { IsResident: true, Value.Length: >= StandardLength }
            ? standard.Value.ToArray()
            : throw new ImageFormatException(
                NtfsFileSystem.Id, _file.Offset, $"file {reference.Number} has no standard information");
        _data = _file.Find(NtfsAttributeType.Data);
        if ((Attributes & DosAttributes.ReparsePoint) != 0
            && _file.FindStream(NtfsAttributeType.ReparsePoint) is { } reparse)
        {
            _reparse = NtfsReparsePoint.TryParse(volume.ReadWhole(reparse, NtfsReparsePoint.MaxLength));
        }

        bool mayBeSpecial = !_file.Record.IsDirectory && _reparse is null && (Attributes & DosAttributes.System) != 0
            && _data is { IsEncrypted: false, Size: > InterixFile.HeaderLength and <= InterixFile.MaxLength };
        _special = mayBeSpecial
            ? InterixFile.TryParse(volume.ReadWhole(_file.FindStream(NtfsAttributeType.Data)!, InterixFile.MaxLength))
            : null;
    }

    /// <summary>The file with its attributes.</summary>
    public NtfsFile File => _file;

    public FileType Type => _reparse switch
    {
        { IsLink: true } => FileType.SymbolicLink,
        { Tag: NtfsReparsePoint.LinuxSocket } => FileType.Socket,
        { Tag: NtfsReparsePoint.LinuxFifo } => FileType.Fifo,
        _ => _file.Record.IsDirectory ? FileType.Directory : _special?.Type ?? FileType.Regular,
    };

    /// <summary>Whether the content is in another stream, compressed.</summary>
    public bool IsOverlaid => _reparse is { Tag: NtfsReparsePoint.Overlay } && !_file.Record.IsDirectory;

    private DosAttributes Attributes => (DosAttributes)BinaryPrimitives.ReadUInt32LittleEndian(_standard.AsSpan(32));

    /// <summary>What a tree says of it.</summary>
    public NodeInfo ToInfo()
    {
        FileType type = Type;
        long size = type switch
        {
            FileType.Regular => _data?.Size ?? 0,
            FileType.SymbolicLink => ReadTarget().Length,
            _ => 0,
        };
        NtfsAttribute? stored = IsOverlaid
            ? _file.Find(NtfsAttributeType.Data, NtfsOverlaySource.StreamName)
            : _data;
        return new NodeInfo(
            _file.Record.Reference.Value,
            type,
            type == FileType.SymbolicLink
                ? LinkPermissions
                : DosPermissions.Of(Attributes, type == FileType.Directory),
            size)
        {
            Inode = _file.Record.Number,
            Links = type == FileType.Directory ? 1 : CountNames(),
            AllocatedBytes = type == FileType.Directory ? -1 : stored?.Allocated ?? 0,
            DeviceMajor = _special?.Major ?? 0,
            DeviceMinor = _special?.Minor ?? 0,
            Created = Time(0),
            Modified = Time(8),
            Changed = Time(16),
            Accessed = Time(24),
        };
    }

    /// <summary>The content.</summary>
    /// <exception cref="ImageFormatException">It is damaged, or the node is no regular file.</exception>
    /// <exception cref="UnsupportedFeatureException">It cannot be read here.</exception>
    public BlockSource OpenContent()
    {
        if (Type != FileType.Regular)
        {
            ImageFormatException.Throw(
                NtfsFileSystem.Id, _file.Offset, $"file {_file.Record.Number} is no regular file");
        }

        switch (_reparse?.Tag)
        {
            case NtfsReparsePoint.Overlay:
                return NtfsOverlaySource.Open(_reparse.Data, _file, _data?.Size ?? 0, _volume.Cache);
            case NtfsReparsePoint.Deduplicated:
                UnsupportedFeatureException.Throw(NtfsFileSystem.Id, "reading files that Windows Server deduplicated");
                break;
            case NtfsReparsePoint.SingleInstance:
                UnsupportedFeatureException.Throw(NtfsFileSystem.Id, "reading files of the single instance store");
                break;
            case NtfsReparsePoint.Hierarchical or NtfsReparsePoint.Hierarchical2:
            case not null when (Attributes & (DosAttributes.Offline | DosAttributes.RecallOnDataAccess)) != 0:
                UnsupportedFeatureException.Throw(
                    NtfsFileSystem.Id, $"reading files whose content is elsewhere (reparse tag {_reparse.Tag:x8})");
                break;
            default:
                break;
        }

        return _file.FindStream(NtfsAttributeType.Data)?.Open() ?? new MemorySource(Array.Empty<byte>());
    }

    /// <summary>The target of a link.</summary>
    /// <exception cref="ImageFormatException">It is damaged, or the node is no link.</exception>
    public byte[] ReadTarget()
    {
        if (Type != FileType.SymbolicLink)
        {
            ImageFormatException.Throw(
                NtfsFileSystem.Id, _file.Offset, $"file {_file.Record.Number} is no symbolic link");
        }

        byte[] target = _reparse is { IsLink: true } ? _reparse.Target(WayToRoot) : _special!.Target;
        int end = target.AsSpan().IndexOf((byte)0);
        target = end < 0 ? target : target[..end];
        return target.Length is > 0 and <= InterixFile.MaxTarget
            ? target
            : throw new ImageFormatException(
                NtfsFileSystem.Id, _file.Offset, $"the target of link {_file.Record.Number} has {target.Length} bytes");
    }

    private Timestamp Time(int offset) =>
        WindowsTime.From(BinaryPrimitives.ReadUInt64LittleEndian(_standard.AsSpan(offset)));

    private uint CountNames()
    {
        uint count = 0;
        foreach (NtfsAttribute attribute in _file.Attributes(NtfsAttributeType.FileName))
        {
            count += attribute.IsResident && NtfsFileName.TryParse(attribute.Value) is { IsDosOnly: false } ? 1u : 0u;
        }

        return Math.Max(count, 1);
    }

    // As many "../" as the directory of the node is below the root.
    private byte[] WayToRoot()
    {
        int depth = 0;
        for (NtfsReference parent = ParentOf(_file); parent.Number != NtfsVolume.RootNumber; depth++)
        {
            if (depth == MaxDepth)
            {
                ImageFormatException.Throw(
                    NtfsFileSystem.Id, _file.Offset, $"file {_file.Record.Number} is more than {MaxDepth} levels deep");
            }

            parent = ParentOf(_volume.OpenFile(parent));
        }

        byte[] way = new byte[depth * 3];
        for (int i = 0; i < way.Length; i++)
        {
            way[i] = i % 3 == 2 ? (byte)'/' : (byte)'.';
        }

        return way;
    }

    private static NtfsReference ParentOf(NtfsFile file)
    {
        foreach (NtfsAttribute attribute in file.Attributes(NtfsAttributeType.FileName))
        {
            if (attribute.IsResident && NtfsFileName.TryParse(attribute.Value) is { } name)
            {
                return name.Parent;
            }
        }

        throw new ImageFormatException(NtfsFileSystem.Id, file.Offset, $"file {file.Record.Number} has no name");
    }
}
