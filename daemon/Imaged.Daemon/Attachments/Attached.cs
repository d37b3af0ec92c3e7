using Imaged.Daemon.Workers;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Daemon.Attachments;

/// <summary>An attachment: its record, and what this process holds for it. The lock is for whoever changes
/// it.</summary>
internal sealed class Attached : IDisposable
{
    private bool _cleared;

    /// <summary>An attachment without descriptors.</summary>
    public Attached(AttachmentRecord record)
    {
        Record = record;
    }

    /// <summary>Held while it is changed.</summary>
    public object Lock { get; } = new();

    /// <summary>What is known of it.</summary>
    public AttachmentRecord Record { get; set; }

    /// <summary>How it is.</summary>
    public AttachmentState State { get; set; } = AttachmentState.Active;

    /// <summary>Its worker; null for a direct loop, and while there is none.</summary>
    public WorkerProcess? Worker { get; set; }

    /// <summary>The FUSE connection: as long as this is open, the death of the worker is not the
    /// connection's.</summary>
    public SafeFileHandle? Device { get; set; }

    /// <summary>The request journal.</summary>
    public SafeFileHandle? Journal { get; set; }

    /// <summary>The image, for the next worker.</summary>
    public SafeFileHandle? Image { get; set; }

    /// <summary>The image's directory, for the next worker.</summary>
    public SafeFileHandle? Directory { get; set; }

    /// <summary>What the password is read from, for the next worker.</summary>
    public SafeFileHandle? Password { get; set; }

    /// <summary>The loop device, while nothing else holds it open.</summary>
    public LoopDevice? Loop { get; set; }

    /// <summary>When workers were lost, in milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    public List<long> Losses { get; } = [];

    /// <summary>Whether it is over: no new worker, no second clean-up.</summary>
    public bool IsGone { get; set; }

    /// <summary>Whether it is over and cleared away; read without the lock.</summary>
    public bool IsCleared
    {
        get => Volatile.Read(ref _cleared);
        set => Volatile.Write(ref _cleared, value);
    }

    /// <summary>Its loop device; null for none.</summary>
    public string? DevicePath => Record.Loop is { } number ? LoopDevice.PathOf(number) : null;

    /// <summary>Finds its mount by what is mounted, not by where it was put: a directory above it may have another name
    /// by now. Null when it is not mounted.</summary>
    public MountEntry? FindMount()
    {
        string? source = Record.Plan.Kind == PlanKind.FuseTree ? Record.LoopName : DevicePath;
        return Record.MountPoint is null ? null : MountTable.Read().LastOrDefault(entry => entry.Source == source);
    }

    /// <summary>What callers get to see.</summary>
    public Attachment Describe() => new()
    {
        Id = Record.Id,
        Image = Record.Image,
        Owner = Record.Owner,
        Kind = Record.Plan.Kind,
        Device = DevicePath,
        Partitions = [.. Record.Partitions.Select(number => FormattableString.Invariant($"{DevicePath}p{number}"))],
        MountPoint = Record.MountPoint,
        FileSystem = Record.Plan.KernelType ?? Record.Plan.FileSystem,
        Label = Record.Plan.Label,
        ReadOnly = true,
        Size = Record.Plan.Size,
        State = State,
        Worker = Worker?.Process.Pid,
        Restarts = Record.Restarts,
        Since = Record.Since,
        Trigger = Record.Trigger,
    };

    /// <summary>Closes everything that is held.</summary>
    public void Dispose()
    {
        Loop?.Dispose();
        Worker?.Dispose();
        Device?.Dispose();
        Journal?.Dispose();
        Image?.Dispose();
        Directory?.Dispose();
        Password?.Dispose();
    }
}
