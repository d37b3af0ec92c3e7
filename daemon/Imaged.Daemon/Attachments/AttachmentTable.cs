using System.Globalization;
using System.Security.Cryptography;
using Imaged.Daemon.Config;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux;

namespace Imaged.Daemon.Attachments;

/// <summary>All attachments. Thread-safe.</summary>
internal sealed class AttachmentTable
{
    private const string IdLetters = "abcdefghjkmnpqrstuvwxyz23456789";
    private const int IdLength = 6;

    private readonly object _lock = new();
    private readonly Dictionary<string, Attached> _attachments = new(StringComparer.Ordinal);
    private readonly Dictionary<string, uint> _reserved = new(StringComparer.Ordinal);
    private readonly Settings _settings;

    /// <summary>An empty table with the limits of the settings.</summary>
    public AttachmentTable(Settings settings)
    {
        _settings = settings;
    }

    /// <summary>An attachment came or went. Whoever is told must not take long.</summary>
    public event Action? Changed;

    /// <summary>Whether a worker serves any of them.</summary>
    public bool IsAnyServed
    {
        get
        {
            lock (_lock)
            {
                return _attachments.Values.Any(a => a.Record.Plan.Kind != PlanKind.DirectLoop);
            }
        }
    }

    /// <summary>A copy of the list, in the order of time.</summary>
    public IReadOnlyList<Attached> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _attachments.Values.OrderBy(a => a.Record.Since)
                    .ThenBy(a => a.Record.Id, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Takes a free id, if the owner may have one more attachment. To be followed by <see cref="Add"/> or
    /// <see cref="Release"/>.</summary>
    /// <exception cref="ImagedException">There are too many.</exception>
    public string Reserve(uint owner)
    {
        lock (_lock)
        {
            DaemonConfig config = _settings.Current;
            int all = _attachments.Count + _reserved.Count;
            int own =
                _attachments.Values.Count(a => a.Record.Owner == owner) + _reserved.Values.Count(uid => uid == owner);
            if (all >= config.MaxAttachments || (owner != 0 && own >= config.MaxAttachmentsPerUser))
            {
                int limit = all >= config.MaxAttachments ? config.MaxAttachments : config.MaxAttachmentsPerUser;
                throw new ImagedException(
                    ErrorKind.LimitExceeded,
                    $"{limit} images are attached, and more are not allowed; unmount some with: imagectl umount ID");
            }

            while (true)
            {
                string id = RandomNumberGenerator.GetString(IdLetters, IdLength);
                if (!_attachments.ContainsKey(id) && _reserved.TryAdd(id, owner))
                {
                    return id;
                }
            }
        }
    }

    /// <summary>Whether an id is in use, be it by what is being attached just now.</summary>
    public bool Knows(string id)
    {
        lock (_lock)
        {
            return _attachments.ContainsKey(id) || _reserved.ContainsKey(id);
        }
    }

    /// <summary>Gives an id back.</summary>
    public void Release(string id)
    {
        lock (_lock)
        {
            _reserved.Remove(id);
        }
    }

    /// <summary>Adds an attachment.</summary>
    public void Add(Attached attached)
    {
        lock (_lock)
        {
            _reserved.Remove(attached.Record.Id);
            _attachments.Add(attached.Record.Id, attached);
            Tell();
        }

        Changed?.Invoke();
    }

    /// <summary>Removes an attachment.</summary>
    public void Remove(string id)
    {
        lock (_lock)
        {
            if (_attachments.Remove(id))
            {
                Tell();
            }
        }

        Changed?.Invoke();
    }

    // For 'systemctl status': how many there are, and where the newest is.
    private void Tell()
    {
        if (_attachments.Count == 0)
        {
            SystemdNotify.Status("nothing is attached");
            return;
        }

        Attached newest = _attachments.Values.MaxBy(attached => attached.Record.Since)!;
        SystemdNotify.Status(string.Create(
            CultureInfo.InvariantCulture,
            $"{_attachments.Count} attached; the newest: '{Text.Escape(newest.Record.Image)}' on "
            + $"'{Text.Escape(newest.Record.MountPoint ?? newest.DevicePath ?? string.Empty)}'; see: imagectl list"));
    }
}
