using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>How to attach a loop device.</summary>
/// <param name="Name">Free text of up to 63 bytes that marks the device as ours (<c>lo_file_name</c>).</param>
/// <param name="Offset">Byte offset in the file; a multiple of 512 for direct I/O.</param>
/// <param name="Length">Length in bytes; the kernel rounds it down to 512.</param>
/// <param name="SectorSize">Logical sector size in bytes: 512, 1024, 2048 or 4096.</param>
/// <param name="ReadOnly">Whether writing is refused.</param>
/// <param name="AutoClear">Whether the device detaches itself when its last user (a mount, a descriptor) is
/// gone.</param>
public sealed record LoopOptions(
    string Name, long Offset, long Length, int SectorSize, bool ReadOnly, bool AutoClear);

/// <summary>What the kernel says of an attached loop device.</summary>
/// <param name="Number">The N of <c>/dev/loopN</c>.</param>
/// <param name="Name">The text given when it was attached.</param>
/// <param name="Device">Device of the file behind it.</param>
/// <param name="Inode">Inode of the file behind it.</param>
/// <param name="Offset">Byte offset in that file.</param>
/// <param name="Length">Limit in bytes; 0 for none.</param>
/// <param name="ReadOnly">Whether it is read-only.</param>
public sealed record LoopStatus(
    int Number, string Name, DeviceNumber Device, ulong Inode, long Offset, long Length, bool ReadOnly);

/// <summary>A loop device that this process holds open.</summary>
public sealed unsafe class LoopDevice : IDisposable
{
    private const int LoopClearDescriptor = 0x4C01;
    private const int LoopGetStatus64 = 0x4C05;
    private const int LoopConfigure = 0x4C0A;
    private const int LoopControlAdd = 0x4C80;
    private const int LoopControlGetFree = 0x4C82;
    private const uint FlagReadOnly = 1;
    private const uint FlagAutoClear = 4;
    private const uint FlagDirectIo = 16;
    private const int LoopMajor = 7;

    // In a storm of 8 threads at most 7 retries were needed; a second of patience is far from both.
    private const int MaxAttempts = 200;

    // udev holds a device's lock while it looks at what was on it before; who holds it longer is passed by.
    private const int PatientAttempts = 100;

    private LoopDevice(int number, SafeFileHandle handle)
    {
        Number = number;
        Handle = handle;
    }

    /// <summary>The N of <c>/dev/loopN</c>.</summary>
    public int Number { get; }

    /// <summary><c>/dev/loopN</c>.</summary>
    public string Path => PathOf(Number);

    /// <summary>The open device.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary><c>/dev/loopN</c>.</summary>
    public static string PathOf(int number) => FormattableString.Invariant($"/dev/loop{number}");

    /// <summary>Attaches a file to a free loop device, with direct I/O where the file can do it.</summary>
    /// <remarks>Free devices are a race with everybody else on the machine: the device found free may be taken (EBUSY),
    /// in the midst of being torn down (ENXIO on open), have no node yet (ENOENT) or be locked (EAGAIN); all of these
    /// mean: the next one.</remarks>
    /// <returns>The device, locked (flock(2)) against udev, which looks at it and makes links as soon as it is
    /// unlocked: Block Device Locking of systemd. To be followed by <see cref="Unlock"/> when the partitions are
    /// registered.</returns>
    /// <exception cref="LinuxException">The kernel refuses, or no device was to be had in time.</exception>
    public static LoopDevice Attach(SafeFileHandle file, LoopOptions options)
    {
        using SafeFileHandle control = HostPath.OpenReadWrite("/dev/loop-control");
        for (int attempt = 1; ; attempt++)
        {
            int number = LibC.ioctl(HostPath.Number(control), LoopControlGetFree);
            LinuxException.Check(number, "find a free loop device");
            if (attempt > PatientAttempts)
            {
                // The one that is free stays locked, and would be named again and again: those behind it are tried.
                number += attempt - PatientAttempts;
                _ = LibC.ioctl(HostPath.Number(control), LoopControlAdd, number); // EEXIST: it is there already
            }

            LoopDevice? device = TryConfigure(file, options, number, out int errno);
            if (device is not null)
            {
                // What a user before us, not so careful, left on this number.
                device.DeletePartitions();
                return device;
            }

            bool again = errno is Errno.EBUSY or Errno.ENXIO or Errno.ENOENT or Errno.EAGAIN or Errno.EACCES;
            if (!again || attempt == MaxAttempts)
            {
                throw new LinuxException($"attach {PathOf(number)}", errno);
            }

            // Not a wait for an event: jitter that takes competitors out of step.
            Thread.Sleep(Random.Shared.Next(6));
        }
    }

    /// <summary>Opens an attached loop device; null when there is none of this number or nothing is attached to
    /// it.</summary>
    public static LoopDevice? Open(int number)
    {
        try
        {
            SafeFileHandle handle = HostPath.OpenRead(PathOf(number));
            LoopDevice device = new(number, handle);
            if (device.TryGetStatus() is not null)
            {
                return device;
            }

            device.Dispose();
            return null;
        }
        catch (LinuxException error) when (error.Errno is Errno.ENOENT or Errno.ENXIO or Errno.EACCES)
        {
            return null;
        }
    }

    /// <summary>Numbers of the loop devices that have a file behind them now.</summary>
    public static IReadOnlyList<int> ListAttached()
    {
        List<int> numbers = [];
        foreach (string folder in Directory.EnumerateDirectories("/sys/block", "loop*"))
        {
            if (File.Exists(folder + "/loop/backing_file")
                && int.TryParse(
                    System.IO.Path.GetFileName(folder).AsSpan(4),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out int number))
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }

    /// <summary>Whether a file is behind the loop device of this number.</summary>
    public static bool IsAttached(int number) =>
        File.Exists(FormattableString.Invariant($"/sys/block/loop{number}/loop/backing_file"));

    /// <summary>Number that the kernel gave to what is on the loop device now (<c>diskseq</c>), never given twice until
    /// the next boot; null when the kernel has no such numbers.</summary>
    public static ulong? MediumOf(int number)
    {
        string path = FormattableString.Invariant($"/sys/block/loop{number}/diskseq");
        if (!File.Exists(path))
        {
            return null;
        }

        ReadOnlySpan<char> text = File.ReadAllText(path).AsSpan().Trim();
        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong medium) ? medium : null;
    }

    /// <summary>Number of the loop device that was attached under this name; null when there is none.</summary>
    public static int? FindByName(string name)
    {
        foreach (int number in ListAttached())
        {
            using LoopDevice? loop = Open(number);
            if (loop?.TryGetStatus()?.Name == name)
            {
                return number;
            }
        }

        return null;
    }

    /// <summary>What the kernel says of the device; null when nothing is attached to it any more.</summary>
    public LoopStatus? TryGetStatus()
    {
        LoopInfo64 info = default;
        if (LibC.ioctl(HostPath.Number(Handle), LoopGetStatus64, &info) < 0)
        {
            return null;
        }

        ReadOnlySpan<byte> name = new(info.FileName, 64);
        int end = name.IndexOf((byte)0);
        // lo_device is a kernel device number in the old 32-bit user encoding.
        uint device = (uint)info.Device;
        return new(
            Number,
            Encoding.UTF8.GetString(end < 0 ? name : name[..end]),
            new((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00)),
            info.Inode,
            (long)info.Offset,
            (long)info.SizeLimit,
            (info.Flags & FlagReadOnly) != 0);
    }

    /// <summary>Numbers of the partitions that the kernel lists for the device.</summary>
    public IReadOnlyList<int> ListPartitions()
    {
        string name = FormattableString.Invariant($"loop{Number}");
        List<int> numbers = [];
        foreach (string folder in Directory.EnumerateDirectories("/sys/block/" + name, name + "p*"))
        {
            ReadOnlySpan<char> text = System.IO.Path.GetFileName(folder).AsSpan(name.Length + 1);
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }

    /// <summary>Removes all partitions from the kernel's list. Without LO_FLAGS_PARTSCAN they would stay when the file
    /// is taken off, and would be there again under the next one.</summary>
    /// <exception cref="LinuxException">EBUSY: one of them is in use.</exception>
    public void DeletePartitions()
    {
        foreach (int number in ListPartitions())
        {
            try
            {
                BlockDevice.DeletePartition(Handle, number);
            }
            catch (LinuxException error) when (error.Errno is Errno.ENXIO)
            {
                // Somebody else was faster.
            }
        }
    }

    /// <summary>Takes the file off the device, and its partitions. When somebody still uses it, that happens as soon as
    /// he stops.</summary>
    /// <exception cref="LinuxException">EBUSY: a partition is in use.</exception>
    public void Detach()
    {
        DeletePartitions();
        if (LibC.ioctl(HostPath.Number(Handle), LoopClearDescriptor) < 0 && LibC.errno != Errno.ENXIO)
        {
            LinuxException.Throw($"detach {Path}");
        }
    }

    /// <summary>Lets udev look at the device.</summary>
    public void Unlock() => BlockDevice.Unlock(Handle);

    /// <summary>Closes the device, which unlocks it.</summary>
    public void Dispose() => Handle.Dispose();

    private static LoopDevice? TryConfigure(SafeFileHandle file, LoopOptions options, int number, out int errno)
    {
        SafeFileHandle handle;
        try
        {
            MakeNode(number);
            handle = options.ReadOnly ? HostPath.OpenRead(PathOf(number)) : HostPath.OpenReadWrite(PathOf(number));
        }
        catch (LinuxException error)
        {
            errno = error.Errno;
            return null;
        }

        // udev leaves a device alone while somebody holds its lock. The configuration is announced by the kernel at
        // once, the partitions only come after it.
        if (!BlockDevice.TryLock(handle))
        {
            errno = Errno.EAGAIN;
            handle.Dispose();
            return null;
        }

        LoopConfig config = default;
        config.Descriptor = (uint)HostPath.Number(file);
        config.BlockSize = (uint)options.SectorSize;
        config.Info.Offset = (ulong)options.Offset;
        config.Info.SizeLimit = (ulong)options.Length;
        // No LO_FLAGS_PARTSCAN: partitions are registered one by one (BLKPG), whatever parsers the kernel has.
        config.Info.Flags = FlagDirectIo
            | (options.ReadOnly ? FlagReadOnly : 0)
            | (options.AutoClear ? FlagAutoClear : 0);
        int count = Encoding.UTF8.GetByteCount(options.Name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 63, nameof(options));
        Encoding.UTF8.GetBytes(options.Name, new Span<byte>(config.Info.FileName, 63));
        if (LibC.ioctl(HostPath.Number(handle), LoopConfigure, &config) == 0)
        {
            // A new file counts as a new medium. Linux 6.1 scans that at the next opening of the disk, whoever
            // opens it (GD_NEED_PART_SCAN), and drops what partitions were registered before: it shall be this one.
            HostPath.OpenRead(PathOf(number)).Dispose();
            errno = 0;
            return new(number, handle);
        }

        errno = LibC.errno;
        handle.Dispose();
        return null;
    }

    // Containers may have a static /dev: the node of a new device is ours to make then.
    private static void MakeNode(int number)
    {
        string path = PathOf(number);
        if (File.Exists(path))
        {
            return;
        }

        fixed (byte* bytes = HostPath.Bytes(path))
        {
            ulong device = ((ulong)LoopMajor << 8) | ((uint)number & 0xff) | (((ulong)(uint)number & ~0xffUL) << 12);
            if (LibC.mknod(bytes, (ushort)(LibC.S_IFBLK | 0x1b0 /* 0660 */), device) < 0
                && LibC.errno != 17 /* EEXIST */)
            {
                LinuxException.Throw($"make '{path}'");
            }
        }
    }

    // struct loop_info64 of linux/loop.h, 232 bytes.
    internal struct LoopInfo64
    {
        public ulong Device;
        public ulong Inode;
        public ulong RealDevice;
        public ulong Offset;
        public ulong SizeLimit;
        public uint Number;
        public uint EncryptType;
        public uint EncryptKeySize;
        public uint Flags;
        public fixed byte FileName[64];
        public fixed byte CryptName[64];
        public fixed byte EncryptKey[32];
        public fixed ulong Init[2];
    }

    // struct loop_config of linux/loop.h, 304 bytes.
    internal struct LoopConfig
    {
        public uint Descriptor;
        public uint BlockSize;
        public LoopInfo64 Info;
        public fixed ulong Reserved[8];
    }
}
