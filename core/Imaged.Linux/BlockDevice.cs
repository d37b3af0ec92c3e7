using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>Asks and configures block devices (ioctls of <c>linux/fs.h</c> and <c>linux/blkpg.h</c>).</summary>
public static unsafe class BlockDevice
{
    private const int BlkSectorSize = 0x1268; // BLKSSZGET
    private const int BlkPartition = 0x1269; // BLKPG
    private const int BlkReadTable = 0x125F; // BLKRRPART
    private const int BlkGetSize64 = unchecked((int)0x80081272);
    private const int AddPartitionOp = 1;
    private const int DeletePartitionOp = 2;

    /// <summary>Size in bytes.</summary>
    public static long GetLength(SafeFileHandle device)
    {
        ulong length = 0;
        LinuxException.Check(
            LibC.ioctl(HostPath.Number(device), BlkGetSize64, &length), "ask the size of a block device");
        return checked((long)length);
    }

    /// <summary>Logical sector size in bytes.</summary>
    public static int GetSectorSize(SafeFileHandle device)
    {
        int size = 0;
        LinuxException.Check(
            LibC.ioctl(HostPath.Number(device), BlkSectorSize, &size), "ask a block device's sector size");
        return size;
    }

    /// <summary>Whether the kernel has given a device to one holder alone, such as a mount.</summary>
    /// <param name="path">The device.</param>
    /// <returns>False, too, when it cannot be opened for another reason.</returns>
    public static bool IsClaimed(string path)
    {
        try
        {
            using SafeFileHandle device = HostPath.Open(path, LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_EXCL);
            return false;
        }
        catch (LinuxException error)
        {
            return error.Errno == Errno.EBUSY;
        }
    }

    /// <summary>Locks a whole disk against udev, which leaves it alone until it is unlocked or closed ("Locking Block
    /// Device Access" of systemd).</summary>
    /// <returns>False when somebody else has the lock.</returns>
    public static bool TryLock(SafeFileHandle device) => FileLock.TryLock(device, isShared: false);

    /// <summary>Gives the lock back.</summary>
    public static void Unlock(SafeFileHandle device) => FileLock.Unlock(device);

    /// <summary>Has the kernel read the partition table anew.</summary>
    /// <param name="device">The whole disk, of which no partition is in use.</param>
    /// <returns>False when it does not: a disk that has no partitions, or one in use.</returns>
    public static bool TryRereadPartitions(SafeFileHandle device) =>
        LibC.ioctl(HostPath.Number(device), BlkReadTable) == 0;

    /// <summary>Registers a partition, whatever partition parsers the kernel has.</summary>
    /// <param name="device">The whole disk.</param>
    /// <param name="number">Partition number, 1 to 255.</param>
    /// <param name="offset">Byte offset, a multiple of the sector size.</param>
    /// <param name="length">Length in bytes, a multiple of the sector size.</param>
    public static void AddPartition(SafeFileHandle device, int number, long offset, long length) =>
        Partition(device, AddPartitionOp, number, offset, length);

    /// <summary>Removes a partition from the kernel's list.</summary>
    public static void DeletePartition(SafeFileHandle device, int number) =>
        Partition(device, DeletePartitionOp, number, 0, 0);

    private static void Partition(SafeFileHandle device, int op, int number, long offset, long length)
    {
        BlkpgPartition partition = new() { Start = offset, Length = length, Number = number };
        BlkpgArgument argument = new() { Op = op, DataLength = sizeof(BlkpgPartition), Data = &partition };
        string what = op == AddPartitionOp ? "register" : "remove";
        LinuxException.Check(
            LibC.ioctl(HostPath.Number(device), BlkPartition, &argument), $"{what} partition {number}");
    }

    internal struct BlkpgArgument
    {
        public int Op;
        public int Flags;
        public int DataLength;
        public void* Data;
    }

    internal struct BlkpgPartition
    {
        public long Start;
        public long Length;
        public int Number;
        public fixed byte DeviceName[64];
        public fixed byte VolumeName[64];
    }
}
