using System.Text;
using Imaged.Daemon.Config;
using Imaged.Ipc;
using Imaged.Linux;
using Imaged.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Daemon.Attachments;

/// <summary>A directory to mount on.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Directory">The directory, open; it belongs to the holder.</param>
/// <param name="Owned">Whether it was made for this mount.</param>
internal sealed record MountPoint(string Path, SafeFileHandle Directory, bool Owned) : IDisposable
{
    /// <summary>Called once the directory is mounted on, or will not be.</summary>
    public Action? Release { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Directory.Dispose();
        Release?.Invoke();
    }
}

/// <summary>Finds and makes directories to mount on. Any number of threads may do so at once.</summary>
internal sealed class MountPoints
{
    private const int MaxName = 64;
    private const int MaxTries = 1000;

    private const string AutomountPoint = "autofs";

    private readonly string _mediaFolder;
    private readonly AccessPolicy _policy;
    private readonly Lock _lock = new();

    // Directories that mounts under way are meant for: the kernel does not show them yet.
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    /// <summary>Makes directories in <paramref name="mediaFolder"/> when the user names none.</summary>
    /// <param name="mediaFolder">Where.</param>
    /// <param name="policy">Says who may mount on what is not his.</param>
    public MountPoints(string mediaFolder, AccessPolicy policy)
    {
        _policy = policy;
        _mediaFolder = mediaFolder;
    }

    /// <summary>Checks the directory that a caller named, and keeps it for the result until that is disposed
    /// of.</summary>
    /// <exception cref="ImagedException">It is no directory, is mounted on already or just now, or not the
    /// caller's.</exception>
    public MountPoint Take(SafeFileHandle directory, PeerCredentials caller)
    {
        FileIdentity identity = HostPath.Identify(directory);
        string path = HostPath.NameOf(directory);
        if (!identity.IsDirectory)
        {
            throw new ImagedException(ErrorKind.InvalidArgument, $"'{path}' is no directory") { Field = "target" };
        }

        if (!caller.IsRoot && identity.Uid != caller.Uid)
        {
            _policy.Require(
                PolkitAction.MountElsewhere,
                caller,
                $"'{path}' is not yours; leave the directory out to mount below the media directory");
        }

        lock (_lock)
        {
            // Where systemd waits for somebody to come (autofs) the mount that is asked for goes on top.
            if (_taken.Contains(path)
                || MountTable.Read().Any(entry => entry.Path == path && entry.Type != AutomountPoint))
            {
                throw new ImagedException(
                    ErrorKind.Busy,
                    $"'{path}' is a mount point already; unmount what is there or name another directory");
            }

            MountPoint point =
                new(path, HostPath.Duplicate(directory), Owned: false) { Release = () => GiveBack(path) };
            _taken.Add(path);
            return point;
        }
    }

    /// <summary>Makes a directory named after a label.</summary>
    /// <param name="label">From an image: any text.</param>
    /// <param name="otherwise">Used when there is no label.</param>
    public MountPoint Make(string? label, string otherwise)
    {
        Directory.CreateDirectory(_mediaFolder);
        string name = Clean(label);
        if (name.Length == 0)
        {
            name = Clean(otherwise);
        }

        name = name.Length == 0 ? "image" : name;
        for (int number = 1; number <= MaxTries; number++)
        {
            string path =
                Path.Combine(_mediaFolder, number == 1 ? name : FormattableString.Invariant($"{name}-{number}"));
            if (HostPath.TryMakeDirectory(path))
            {
                return new(path, HostPath.OpenPath(path), Owned: true);
            }
        }

        throw new ImagedException(
            ErrorKind.Failed, $"there are too many directories named '{name}' in '{_mediaFolder}'");
    }

    /// <summary>Removes a directory that <see cref="Make"/> made, if it is empty.</summary>
    public static void Remove(string path)
    {
        try
        {
            Directory.Delete(path, recursive: false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Somebody put something there, or mounted on it: it is his now.
        }
    }

    private void GiveBack(string path)
    {
        lock (_lock)
        {
            _taken.Remove(path);
        }
    }

    // Letters, digits and harmless marks; anything else becomes an underscore. No leading dot or dash.
    private static string Clean(string? text)
    {
        StringBuilder name = new();
        foreach (Rune rune in (text ?? string.Empty).Trim().EnumerateRunes().Take(MaxName))
        {
            bool harmless = Rune.IsLetterOrDigit(rune)
                || (rune.IsAscii && " ._-+@".Contains((char)rune.Value, StringComparison.Ordinal));
            name.Append(harmless ? rune.ToString() : "_");
        }

        return name.ToString().Trim().TrimStart('.', '-');
    }
}
