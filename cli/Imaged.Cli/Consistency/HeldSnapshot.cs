using System.Globalization;
using System.Security.Cryptography;
using Imaged.Cli.Output;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Consistency;

/// <summary>A snapshot of a logical volume. It is noted on the disk before it is made, so that one that is left by a
/// power cut is found.</summary>
/// <param name="volumeName"><c>GROUP/NAME</c> of the volume.</param>
/// <param name="roots">Something on each file system that the kernel does not freeze by itself while the snapshot is
/// made; belong to this object.</param>
/// <param name="size">Bytes that may change before it is full; null for what there is room for.</param>
/// <param name="markers">Where it is noted.</param>
internal sealed class HeldSnapshot(
    string volumeName, IReadOnlyList<SafeFileHandle> roots, long? size, SnapshotMarkers markers) : IHeldSource
{
    /// <summary>What the names of all these snapshots begin with. Also the tag that they have.</summary>
    public const string Tag = "imaged_backup";

    // A full snapshot fails reads at once, a full pool fails writers: that has to be noticed before.
    private const int LookMilliseconds = 2000;

    private const int FullestPool = 90;
    private const int GivenUpPool = 97;

    // A worker that was killed, or udev, may have it open for a moment.
    private const int RemoveTries = 120;
    private const int RetryMilliseconds = 500;

    // Far longer than it takes. When it is over the snapshot is as after a power cut, which is right, too.
    private static readonly TimeSpan FreezeTime = TimeSpan.FromSeconds(60);

    private LogicalVolume? _volume;
    private SafeFileHandle? _marker;
    private string _name = string.Empty;
    private bool _isFinished;

    /// <inheritdoc/>
    public int NextLook => _isFinished ? -1 : LookMilliseconds;

    /// <inheritdoc/>
    public string Hold()
    {
        LogicalVolume volume = LogicalVolume.Find(volumeName);
        _name = $"{Tag}_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";
        string[] how = volume.IsThin ? Thin(volume) : Thick(volume);
        _marker = markers.Create(_name, $"{volume.Group}/{_name}");
        HostCommandResult result;
        using (FrozenFileSystems frozen = new(roots, FreezeTime))
        {
            Freeze(frozen);
            result = Lvm.Run(
                ["lvcreate", "--yes", "--snapshot", "--permission", "r", "--name", _name, "--addtag", Tag, .. how,
                    volume.FullName]);
        }

        if (result.ExitCode != 0)
        {
            Lvm.Run("lvremove", "--yes", $"{volume.Group}/{_name}"); // should it be half made
            throw new CliException(
                ExitCode.Refused, $"LVM makes no snapshot of '{volume.FullName}': {result.Complaint}");
        }

        _volume = volume;
        return $"/dev/{volume.Group}/{_name}";
    }

    /// <inheritdoc/>
    public string? Look()
    {
        if (_volume is null)
        {
            return null;
        }

        HostCommandResult result = Lvm.AskMapper("status", Lvm.MappedName(_volume.Group, _name));
        if (result.ExitCode != 0)
        {
            return $"the snapshot of '{_volume.FullName}' was removed by somebody else: nothing was kept";
        }

        if (SnapshotStatus.IsLost(result.Output))
        {
            return $"the snapshot of '{_volume.FullName}' is full, as more was written to it meanwhile than there was "
                + "room for, and nothing was kept: "
                + (_volume.IsThin
                    ? $"extend its pool (lvextend '{_volume.Group}/{_volume.Pool}')"
                    : "give it more (--consistency=snapshot:SIZE), or save at a time when less is written");
        }

        return PercentOfPool(_volume) >= GivenUpPool
            ? $"the pool '{_volume.Group}/{_volume.Pool}' is nearly full: the snapshot was given up so that "
                + $"'{_volume.FullName}' can go on, and nothing was kept; extend the pool (lvextend)"
            : null;
    }

    /// <inheritdoc/>
    public string? Finish()
    {
        _isFinished = true;
        return Look();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        using (_marker)
        {
            if (_volume is not null && Remove($"{_volume.Group}/{_name}") is { } complaint)
            {
                Printer.Message(
                    $"the snapshot '{_volume.Group}/{_name}' could not be removed ({complaint}): the next backup does "
                    + $"it, or 'imagectl {SourceGuard.Verb} --sweep'");
                return;
            }

            if (_marker is not null)
            {
                markers.Remove(_name);
            }
        }
    }

    // What cannot be frozen is in the snapshot as after a power cut.
    private static void Freeze(FrozenFileSystems frozen)
    {
        try
        {
            frozen.Hold();
        }
        catch (CliException)
        {
            // All are thawed again.
        }
    }

    private static string? Remove(string name)
    {
        string? complaint = null;
        for (int i = 0; i < RemoveTries; i++)
        {
            HostCommandResult result = Lvm.Run("lvremove", "--yes", name);
            if (result.ExitCode == 0)
            {
                return null;
            }

            complaint = result.Complaint;

            // LVM tells nobody when a volume is closed.
            Thread.Sleep(RetryMilliseconds);
        }

        return complaint;
    }

    private static int? PercentOfPool(LogicalVolume volume) => volume.IsThin
        ? SnapshotStatus.PercentOfPool(
            Lvm.AskMapper("status", Lvm.MappedName(volume.Group, volume.Pool) + "-tpool").Output)
        : null;

    // Not activated at boot, should it be left.
    private static string[] Thin(LogicalVolume volume) => PercentOfPool(volume) > FullestPool
        ? throw new CliException(
            ExitCode.Refused,
            $"the pool '{volume.Group}/{volume.Pool}' is more than {FullestPool} % full: with a snapshot of "
            + $"'{volume.FullName}' it might have no room for writers; extend it (lvextend)")
        : ["--setactivationskip", "y", "--ignoreactivationskip", "--activate", "y"];

    // Half of what is free: a pool of the group that extends itself, or an administrator, may need some. LVM gives no
    // snapshot more than its volume can ever take.
    private string[] Thick(LogicalVolume volume)
    {
        if (size is not null)
        {
            return ["--size", string.Create(CultureInfo.InvariantCulture, $"{size}b")];
        }

        long free = volume.GroupFree / volume.ExtentSize;
        if (free == 0)
        {
            throw new CliException(
                ExitCode.Refused,
                $"the volume group '{volume.Group}' has no room for a snapshot of '{volume.FullName}': add a disk to "
                + "it (vgextend), or unmount the volume meanwhile, or have writers wait (--consistency=freeze)");
        }

        long whole = Math.Max(1, volume.Length / volume.ExtentSize);
        long extents = Math.Clamp(free / 2, 1, whole);
        return ["--extents", extents.ToString(CultureInfo.InvariantCulture)];
    }
}
