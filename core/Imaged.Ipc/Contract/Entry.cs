using System.Text.Json.Serialization;

namespace Imaged.Ipc.Contract;

/// <summary>A file, directory or other node in an image.</summary>
public sealed record Entry
{
    /// <summary>Path in the image, without a leading slash; U+FFFD where it is not UTF-8.</summary>
    public string Path { get; set; } = string.Empty;

    /// <summary>The bytes of the path when it is not UTF-8 (Base64 in the message).</summary>
    public byte[]? PathBytes { get; set; }

    /// <summary>What it is.</summary>
    public EntryType Type { get; set; }

    /// <summary>Permission bits, as in <c>chmod(2)</c>.</summary>
    public int Mode { get; set; }

    /// <summary>Owner.</summary>
    public long Uid { get; set; }

    /// <summary>Group.</summary>
    public long Gid { get; set; }

    /// <summary>Number of names.</summary>
    public long Links { get; set; }

    /// <summary>Bytes.</summary>
    public long Size { get; set; }

    /// <summary>Time of the last change, seconds since 1970 in UTC.</summary>
    public long Modified { get; set; }

    /// <summary>Nanoseconds of that time.</summary>
    public int ModifiedNs { get; set; }

    /// <summary>Inode number.</summary>
    public long Inode { get; set; }

    /// <summary>Major number of a device node.</summary>
    public long? DeviceMajor { get; set; }

    /// <summary>Minor number of a device node.</summary>
    public long? DeviceMinor { get; set; }

    /// <summary>Where a symbolic link points; U+FFFD where it is not UTF-8.</summary>
    public string? Target { get; set; }

    /// <summary>The bytes of the target when it is not UTF-8.</summary>
    public byte[]? TargetBytes { get; set; }
}

/// <summary>What a node is.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<EntryType>))]
public enum EntryType
{
    /// <summary>A regular file.</summary>
    File,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A symbolic link.</summary>
    Symlink,

    /// <summary>A FIFO.</summary>
    Fifo,

    /// <summary>A socket.</summary>
    Socket,

    /// <summary>A character device.</summary>
    Char,

    /// <summary>A block device.</summary>
    Block,
}
