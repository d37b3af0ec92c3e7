namespace Imaged.Formats.Model;

/// <summary>A time as files carry it.</summary>
/// <param name="Seconds">Seconds since 1970-01-01 00:00 UTC; may be negative.</param>
/// <param name="Nanoseconds">0 to 999,999,999.</param>
public readonly record struct Timestamp(long Seconds, uint Nanoseconds)
{
    /// <summary>From the base library's type.</summary>
    public static Timestamp From(DateTimeOffset time)
    {
        long ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        long seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out long rest);
        if (rest < 0)
        {
            rest += TimeSpan.TicksPerSecond;
            seconds--;
        }

        return new(seconds, (uint)(rest * 100));
    }
}

/// <summary>Types of files: the upper bits of a mode, as in <c>inode(7)</c>.</summary>
public enum FileType : ushort
{
    /// <summary>FIFO.</summary>
    Fifo = 0x1000,

    /// <summary>Character device.</summary>
    CharacterDevice = 0x2000,

    /// <summary>Directory.</summary>
    Directory = 0x4000,

    /// <summary>Block device.</summary>
    BlockDevice = 0x6000,

    /// <summary>Regular file.</summary>
    Regular = 0x8000,

    /// <summary>Symbolic link.</summary>
    SymbolicLink = 0xA000,

    /// <summary>Socket.</summary>
    Socket = 0xC000,
}

/// <summary>A node of a file tree.</summary>
/// <param name="Id">Stable address of the node: a pure function of the image, so that it means the same in another
/// process. Never 0; 1 only for the root if for any.</param>
/// <param name="Type">Type of file.</param>
/// <param name="Permissions">The lower twelve bits of the mode: rwx, set-id and sticky bits.</param>
/// <param name="Size">Length of the content in bytes; for a symbolic link that of its target.</param>
public readonly record struct NodeInfo(ulong Id, FileType Type, ushort Permissions, long Size)
{
    /// <summary>The inode number that is shown; equal for hard links to one file. 0 stands for
    /// <see cref="Id"/>.</summary>
    public ulong Inode { get; init; }

    /// <summary>Number of hard links; 0 stands for 1.</summary>
    public uint Links { get; init; }

    /// <summary>Owner.</summary>
    public uint Uid { get; init; }

    /// <summary>Group.</summary>
    public uint Gid { get; init; }

    /// <summary>Major number of a device node.</summary>
    public uint DeviceMajor { get; init; }

    /// <summary>Minor number of a device node.</summary>
    public uint DeviceMinor { get; init; }

    /// <summary>Bytes that it takes in the image; -1 when unknown, then <see cref="Size"/> rounded up counts.</summary>
    public long AllocatedBytes { get; init; }

    /// <summary>Last access.</summary>
    public Timestamp Accessed { get; init; }

    /// <summary>Last change of the content.</summary>
    public Timestamp Modified { get; init; }

    /// <summary>Last change of the node.</summary>
    public Timestamp Changed { get; init; }

    /// <summary>Creation; null when not recorded.</summary>
    public Timestamp? Created { get; init; }

    /// <summary>Type and permissions as one number.</summary>
    public uint Mode => (uint)Type | Permissions;
}

/// <summary>A name in a directory.</summary>
/// <param name="Name">The bytes of the name: 1 to 255, no slash, no NUL, neither <c>.</c> nor <c>..</c>.</param>
/// <param name="Node">What it stands for.</param>
/// <param name="NextCookie">Where to go on behind this entry: a pure function of the image, above 0, growing.</param>
public readonly record struct DirectoryEntry(ReadOnlyMemory<byte> Name, NodeInfo Node, long NextCookie);
