using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Hosting;

/// <summary>What the user wants gone: an id, or anything that has a path.</summary>
internal sealed class NamedObject : IDisposable
{
    private NamedObject(string name, SafeFileHandle? handle)
    {
        Name = name;
        Handle = handle;
    }

    /// <summary>The id, or an absolute path.</summary>
    public string Name { get; }

    /// <summary>Names the object; null when it could not be opened.</summary>
    public SafeFileHandle? Handle { get; }

    /// <summary>Finds out what is meant. Nothing is asked of the object itself: its file system may not
    /// answer.</summary>
    public static NamedObject Find(string text)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = HostPath.OpenPath(text);
        }
        catch (LinuxException)
        {
            // An id, or something that has gone already; the daemon knows.
        }

        if (handle is null && !text.Contains('/', StringComparison.Ordinal))
        {
            return new(text, null);
        }

        string? real = handle is null ? null : HostPath.NameOf(handle);
        bool isPath =
            real is not null && Path.IsPathRooted(real) && !real.EndsWith(" (deleted)", StringComparison.Ordinal);
        return new(isPath ? real! : Path.GetFullPath(text), handle);
    }

    /// <inheritdoc/>
    public void Dispose() => Handle?.Dispose();
}
