using Imaged.Formats.Model;

namespace Imaged.Formats.Iso9660;

/// <summary>What Rock Ridge's entries say of a node.</summary>
internal struct RockRidgeAttributes
{
    /// <summary>Whether a PX entry gave mode, links and owner.</summary>
    public bool HasMode;

    /// <summary>Type and permissions.</summary>
    public uint Mode;

    /// <summary>Number of links; 0 when not known.</summary>
    public uint Links;

    /// <summary>Owner.</summary>
    public uint Uid;

    /// <summary>Group.</summary>
    public uint Gid;

    /// <summary>File serial number; 0 when not known.</summary>
    public uint Serial;

    /// <summary>Major number of a device.</summary>
    public uint DeviceMajor;

    /// <summary>Minor number of a device.</summary>
    public uint DeviceMinor;

    /// <summary>Creation.</summary>
    public Timestamp? Created;

    /// <summary>Last change of the content.</summary>
    public Timestamp? Modified;

    /// <summary>Last access.</summary>
    public Timestamp? Accessed;

    /// <summary>Last change of attributes.</summary>
    public Timestamp? Changed;

    /// <summary>Bytes of the symbolic link's target, all of them.</summary>
    public long LinkLength;

    /// <summary>Block of the directory that stands for this record (CL); 0 when there is none.</summary>
    public uint ChildBlock;

    /// <summary>Whether the record only keeps a relocated directory where plain readers find it (RE).</summary>
    public bool IsRelocated;

    /// <summary>How the content is stored.</summary>
    public IsoPacking Packing;

    /// <summary>zisofs and sparse files: length of the content in bytes.</summary>
    public long UnpackedLength;

    /// <summary>Whether an ER entry names Rock Ridge or its standard.</summary>
    public bool IsAnnounced;

    /// <summary>Version of Rock Ridge that the ER entry stands for; null when there is none.</summary>
    public string? Version;
}
