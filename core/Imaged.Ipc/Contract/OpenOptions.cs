namespace Imaged.Ipc.Contract;

/// <summary>How to open an image; what is null is found out.</summary>
/// <remarks>All records of the contract have settable members with defaults: a member that a message lacks keeps its
/// default, which generated deserialization does not do for <c>init</c>.</remarks>
public sealed record OpenOptions
{
    /// <summary>Id of an image format.</summary>
    public string? Format { get; set; }

    /// <summary>Of a disc: number of the session, from 1.</summary>
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

    /// <summary>Index of a descriptor that the password is read from.</summary>
    public int? Password { get; set; }
}
