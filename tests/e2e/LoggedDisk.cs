using System.Buffers.Binary;
using Imaged.TestKit;

namespace Imaged.E2e;

/// <summary>A loop device of which every write and flush is logged, so that afterwards it can be seen as a power cut at
/// any moment could have left it. QEMU's <c>blklogwrites</c> keeps the log, in the format of the kernel's
/// dm-log-writes.</summary>
internal sealed class LoggedDisk : IDisposable
{
    private const int Unit = 512;
    private const ulong Flush = 1;
    private const ulong ForceUnitAccess = 2;
    private const ulong Discard = 4;
    private const ulong Mark = 8;
    private readonly PrivateSystem _system;
    private readonly string _name;
    private readonly RunningCommand _qemu;
    private bool _hasEnded;

    /// <summary>Makes one of zeros.</summary>
    /// <param name="system">Whose folder holds it.</param>
    /// <param name="name">What its files are called.</param>
    /// <param name="mebibytes">Its size.</param>
    public LoggedDisk(PrivateSystem system, string name, int mebibytes)
    {
        _system = system;
        _name = name;
        SavedVolume.In(system, $"truncate -s {mebibytes}M {name}; : >{name}.log; : >{name}.export");
        _qemu = RunningCommand.Start(
            "/usr/bin/qemu-storage-daemon",
            [
                "--blockdev", $"file,node-name=data,filename={name}",
                "--blockdev", $"raw,node-name=log,file.driver=file,file.filename={name}.log",
                "--blockdev", "blklogwrites,node-name=logged,file=data,log=log",
                "--export", $"fuse,id=it,node-name=logged,mountpoint={name}.export,writable=on",
            ],
            new Dictionary<string, string>(),
            system.Folder);
        try
        {
            string exported = system[$"{name}.export"];
            Machine.Eventually(() => new FileInfo(exported).Length > 0 || _qemu.HasExited);
            Path = SavedVolume.In(system, $"losetup -f --show {name}.export").Trim();
        }
        catch
        {
            Stop();
            throw;
        }
    }

    /// <summary>The device.</summary>
    public string Path { get; } = string.Empty;

    /// <summary>How many bytes of log there are: a moment in the life of the disk.</summary>
    public long Now => new FileInfo(_system[$"{_name}.log"]).Length;

    /// <summary>Every write and read fails from now on.</summary>
    public void Fail() => _qemu.Signal("KILL");

    /// <summary>Ends the device; its log stays.</summary>
    public void Dispose()
    {
        if (_hasEnded)
        {
            return;
        }

        _hasEnded = true;
        try
        {
            Tool.Run("losetup", "-d", Path);
            Machine.Eventually(() => Tool.Run("losetup", "-j", _system[$"{_name}.export"]).Text.Length == 0);
        }
        finally
        {
            Stop();
        }
    }

    /// <summary>The disk as power cuts leave it: at each flush without anything since the one before, and with a part,
    /// taken by lot, of what was written since. Only after <see cref="Dispose"/>.</summary>
    /// <param name="from">The first moment that is of interest.</param>
    /// <param name="path">The file that holds the disk when <paramref name="look"/> is called; it may be
    /// changed.</param>
    /// <param name="look">Called with the moment.</param>
    public void EveryCut(long from, string path, Action<long> look)
    {
        Random lot = new(1);
        byte[] log = File.ReadAllBytes(_system[$"{_name}.log"]);
        using FileStream disk = File.Create(_system[$"{_name}.replayed"]);
        disk.SetLength(new FileInfo(_system[_name]).Length);
        List<Range> sinceFlush = [];
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(log.AsSpan(16));
        int at = Unit;
        for (ulong n = 0; n < count; n++)
        {
            ulong flags = BinaryPrimitives.ReadUInt64LittleEndian(log.AsSpan(at + 16));
            ulong units = BinaryPrimitives.ReadUInt64LittleEndian(log.AsSpan(at + 8));
            int end = at + Unit + ((flags & (Discard | Mark)) != 0 ? 0 : checked((int)(units * Unit)));
            if ((flags & Flush) != 0 && at >= from && sinceFlush.Count > 0)
            {
                Look([], at);
                Look(sinceFlush.Where(_ => lot.Next(2) == 0), at);
            }

            if ((flags & Flush) != 0)
            {
                Write(disk, log, sinceFlush);
                sinceFlush.Clear();
            }

            if ((flags & ForceUnitAccess) != 0)
            {
                Write(disk, log, [at..end]);
            }
            else
            {
                sinceFlush.Add(at..end);
            }

            at = end;
        }

        void Look(IEnumerable<Range> also, long moment)
        {
            disk.Flush();
            Tool.Run("cp", "--sparse=always", disk.Name, path);
            using (FileStream cut = File.OpenWrite(path))
            {
                Write(cut, log, also);
            }

            look(moment);
        }
    }

    private static void Write(FileStream disk, byte[] log, IEnumerable<Range> entries)
    {
        foreach (Range entry in entries)
        {
            ReadOnlySpan<byte> bytes = log.AsSpan(entry);
            ulong flags = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
            if ((flags & Mark) == 0)
            {
                disk.Position = checked((long)BinaryPrimitives.ReadUInt64LittleEndian(bytes) * Unit);
                disk.Write(
                    (flags & Discard) == 0
                        ? bytes[Unit..]
                        : new byte[checked((int)BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) * Unit)]);
            }
        }
    }

    private void Stop()
    {
        _qemu.Signal("TERM");
        _qemu.Finish();
        Tool.TryRun("umount", _system[$"{_name}.export"]); // left when it was killed
        _qemu.Dispose();
    }
}
