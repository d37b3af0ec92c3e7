using System.Globalization;
using Imaged.Cli.Hosting;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Consistency;

/// <summary>A source of a backup as it is to be read: it does not change until this is disposed of, or the backup
/// fails.</summary>
internal sealed class ConsistentSource : IDisposable
{
    private readonly SourceGuard? _guard;
    private readonly ImageFile? _snapshot;
    private readonly IDisposable? _interrupt;
    private bool _isFinished;

    private ConsistentSource(ImageFile image, string consistency, SourceGuard? guard, ImageFile? snapshot)
    {
        Image = snapshot ?? image;
        Described = BackupOrigin.Describe(image);
        Consistency = consistency;
        _guard = guard;
        _snapshot = snapshot;

        // Before the guard is waited for, which removes what nobody has open.
        _interrupt = snapshot is null ? null : Interrupts.Add(snapshot.Dispose);
    }

    /// <summary>What to read: the source, or a snapshot of it.</summary>
    public ImageFile Image { get; }

    /// <summary>What the manifest says of the source.</summary>
    public BackupSource Described { get; }

    /// <summary>Why it does not change, one word.</summary>
    public string Consistency { get; }

    /// <summary>Makes sure that a source does not change from now on.</summary>
    /// <param name="image">The source; stays the caller's.</param>
    /// <param name="choice">How.</param>
    /// <param name="folder">Where the backup is written: no file system that holds it is frozen.</param>
    /// <exception cref="CliException">It may change, and what to do.</exception>
    public static ConsistentSource Open(ImageFile image, ConsistencyChoice choice, string folder)
    {
        FileIdentity identity = HostPath.Identify(image.Handle);
        if (!identity.IsBlockDevice)
        {
            return choice.Mode != ConsistencyMode.Snapshot
                ? new(image, "file", null, null)
                : throw NoVolume(image);
        }

        if (Environment.IsPrivilegedProcess)
        {
            SnapshotMarkers.Default.Sweep();
        }

        IReadOnlyList<BlockDeviceUse> uses = BlockDeviceUse.Of(identity.DeviceNode);
        BlockDeviceUse? hidden = BlockDeviceUse.FindHidden(identity.DeviceNode, uses);
        BlockDeviceUse? writer = hidden ?? uses.FirstOrDefault(use => !use.IsReadOnly);
        string unused = uses.Count == 0 ? "unused" : "read-only";
        string? mapped = LogicalVolume.MappedName(identity.DeviceNode);
        switch (choice.Mode)
        {
            case ConsistencyMode.Snapshot:
                return OfSnapshot(image, identity.DeviceNode, choice, uses, folder);
            case ConsistencyMode.Auto when mapped is not null && (writer is not null || IsOpenElsewhere(mapped)):
                return OfSnapshot(image, identity.DeviceNode, choice, uses, folder);
            case ConsistencyMode.Freeze when writer?.Mount is not null:
                return Frozen(image, choice, uses, folder);
            case ConsistencyMode.Auto or ConsistencyMode.Unused or ConsistencyMode.Freeze:
                return writer is null ? new(image, unused, null, null) : throw Written(writer, choice.Mode, mapped);
            default:
                throw new ArgumentOutOfRangeException(nameof(choice), choice.Mode, null);
        }
    }

    /// <summary>Has the worker that reads end as soon as the source changes.</summary>
    public void EndOnLoss(WorkerProcess worker) => _guard?.OnLost(worker.Kill);

    /// <summary>Takes note of how far the worker is: what it does not read any more is let go.</summary>
    public void Follow(Progress progress)
    {
        if (progress.Phase is "check" or "compare")
        {
            Finish();
        }
    }

    /// <summary>Nothing more is read: makes sure that nothing has changed so far. File systems are thawed.</summary>
    /// <exception cref="CliException">Something may have.</exception>
    public void Finish()
    {
        if (_guard is not null && !_isFinished)
        {
            _isFinished = true;
            if (_guard.Finish() is { } sentence)
            {
                throw new CliException(ExitCode.Failed, sentence);
            }
        }
    }

    /// <summary>Why reading failed, when that came of the source's not being any more as it was; null else.</summary>
    public string? FindFault() => _guard is null ? null
        : _isFinished ? _guard.Fault
        : _guard.Finish();

    /// <inheritdoc/>
    public void Dispose()
    {
        _snapshot?.Dispose();
        _interrupt?.Dispose();
        _guard?.Dispose();
        if (_guard?.IsKilled is true && _snapshot is not null)
        {
            SnapshotMarkers.Default.Sweep();
        }
    }

    private static ConsistentSource OfSnapshot(
        ImageFile image,
        DeviceNumber device,
        ConsistencyChoice choice,
        IReadOnlyList<BlockDeviceUse> uses,
        string folder)
    {
        CheckPrivilege("can make a snapshot of");
        LogicalVolume volume = LogicalVolume.Of(device) ?? throw NoVolume(image);
        if (volume.IsSnapshot)
        {
            throw new CliException(
                ExitCode.Refused,
                $"'{image.Path}' is a snapshot that is written to, of which LVM makes no other: unmount it "
                + "meanwhile, or have writers wait (--consistency=freeze)");
        }

        // The kernel freezes the file system that it finds on the volume itself: not Btrfs, nor what is encrypted.
        BlockDeviceUse[] others =
            [.. uses.Where(use => use.Mount is { } mount && (mount.Device != device || mount.Type == "btrfs"))];
        string how = choice.SnapshotSize is { } size
            ? string.Create(CultureInfo.InvariantCulture, $"snapshot:{size}")
            : "snapshot";
        SourceGuard guard = SourceGuard.Start(how, TryOpen(others, folder), volume.FullName);
        try
        {
            return new(image, "lvm-snapshot", guard, ImageFile.Open(guard.Path));
        }
        catch
        {
            guard.Dispose();
            throw;
        }
    }

    private static ConsistentSource Frozen(
        ImageFile image, ConsistencyChoice choice, IReadOnlyList<BlockDeviceUse> uses, string folder)
    {
        CheckPrivilege("can freeze");
        IReadOnlyList<SafeFileHandle> roots = FreezeCheck.Open(uses, folder);
        SourceGuard guard = SourceGuard.Start(
            string.Create(CultureInfo.InvariantCulture, $"freeze:{choice.FreezeSeconds}"), roots);
        return new(image, "frozen", guard, null);
    }

    private static void CheckPrivilege(string what)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new CliException(
                ExitCode.Refused, $"the source is in use and may change while it is saved: only root {what} it");
        }
    }

    // What may not be frozen is in the snapshot as after a power cut.
    private static IReadOnlyList<SafeFileHandle> TryOpen(IReadOnlyList<BlockDeviceUse> uses, string folder)
    {
        try
        {
            return FreezeCheck.Open(uses, folder);
        }
        catch (CliException)
        {
            return [];
        }
    }

    // Somebody besides us, such as a virtual machine.
    private static bool IsOpenElsewhere(string mapped)
    {
        HostCommandResult result = Lvm.AskMapper("info", "-c", "--noheadings", "-o", "open", mapped);
        return int.TryParse(result.Output.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && count > 1;
    }

    private static CliException NoVolume(ImageFile image) => new(
        ExitCode.Refused,
        $"'{image.Path}' is no logical volume, of which a snapshot could be made: leave out --consistency=snapshot");

    private static CliException Written(BlockDeviceUse writer, ConsistencyMode mode, string? mapped)
    {
        string ways = mode == ConsistencyMode.Freeze ? string.Empty
            : mapped is not null ? ", or have it saved from a snapshot (--consistency=snapshot)"
            : writer.Mount is null ? string.Empty
            : ", or have writers wait while it is saved (--consistency=freeze), or keep it on LVM, which makes "
                + "snapshots";
        string way = writer.Mount is null
            ? "end that use meanwhile"
            : "unmount it, or make it read-only meanwhile (mount -o remount,ro)";
        return new(
            ExitCode.Refused, $"'{writer.Device}' is {writer.What} and may change while it is saved: {way}{ways}");
    }
}
