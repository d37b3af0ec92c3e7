namespace Imaged.Ipc.Contract;

/// <summary>How to open an image; what is null is found out.</summary>
/// <remarks>All records of the contract have settable members with defaults: a member that a message lacks keeps its
/// default, which generated deserialization does not do for <c>init</c>.</remarks>
public sealed record OpenOptions
{
    /// <summary>Id of an image format.</summary>
    public string? Format { get; set; }

    /// <summary>Of a disc: number of the session; of a container of APFS: number of the volume; from 1.</summary>
    public int? Session { get; set; }

    /// <summary>Of a disc: number of the track, from 1.</summary>
    public int? Track { get; set; }

    /// <summary>Number in the partition table, from 1.</summary>
    public int? Partition { get; set; }

    /// <summary>Id of a file system; <c>disc</c> for the tracks of a disc as files.</summary>
    public string? FileSystem { get; set; }

    /// <summary>Which names of an ISO 9660 file system.</summary>
    public string? Extensions { get; set; }

    /// <summary>Where the image begins in the file, in bytes.</summary>
    public long? Offset { get; set; }

    /// <summary>How many bytes of the file it takes.</summary>
    public long? Size { get; set; }

    /// <summary>Bytes per sector of a raw image.</summary>
    public int? SectorSize { get; set; }

    /// <summary>Id or name of a snapshot inside the image; null for the disk of now.</summary>
    public string? Snapshot { get; set; }

    /// <summary>Whether what the image refers to (backing files, extents, data files) may lie in other directories.
    /// The directory that goes along is then <c>/</c>, and the name of the image its absolute path.</summary>
    public bool? AllowOutside { get; set; }

    /// <summary>Index of a descriptor that the password is read from.</summary>
    public int? Password { get; set; }
}
