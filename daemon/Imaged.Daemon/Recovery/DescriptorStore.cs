using System.Runtime.InteropServices;
using Imaged.Daemon.Attachments;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Daemon.Recovery;

/// <summary>The descriptors of attachments in the service manager's store. Without a service manager the workers hold them,
/// and nothing is done here.</summary>
internal static class DescriptorStore
{
    private const string Prefix = "imaged.";

    /// <summary>Stores what a successor needs to keep an attachment alive without its worker; on return it is safe.</summary>
    public static void Store(Attached attached)
    {
        if (attached.Device is null || attached.Journal is null || attached.Image is null)
        {
            return;
        }

        List<SafeHandle> handles = [attached.Device, attached.Journal, attached.Image];
        if (attached.Directory is not null)
        {
            handles.Add(attached.Directory);
        }

        SystemdNotify.Store(Prefix + attached.Record.Id, handles);
    }

    /// <summary>Removes them.</summary>
    public static void Remove(string id) => SystemdNotify.Remove(Prefix + id);

    /// <summary>Sorts what the service manager passed by attachment; the rest is returned.</summary>
    /// <param name="passed">From <see cref="SystemdNotify.TakePassed"/>.</param>
    /// <param name="others">What is no attachment's: sockets.</param>
    public static Dictionary<string, List<SafeFileHandle>> Sort(
        IReadOnlyList<(string Name, SafeFileHandle Handle)> passed, out List<SafeFileHandle> others)
    {
        Dictionary<string, List<SafeFileHandle>> attachments = new(StringComparer.Ordinal);
        others = [];
        foreach ((string name, SafeFileHandle handle) in passed)
        {
            if (!name.StartsWith(Prefix, StringComparison.Ordinal))
            {
                others.Add(handle);
                continue;
            }

            string id = name[Prefix.Length..];
            if (!attachments.TryGetValue(id, out List<SafeFileHandle>? list))
            {
                attachments.Add(id, list = []);
            }

            list.Add(handle);
        }

        return attachments;
    }
}
