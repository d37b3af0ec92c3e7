using System.Runtime.InteropServices;
using Imaged.Daemon.Attachments;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Daemon.Recovery;

/// <summary>The descriptors of attachments in the service manager's store. Without a service manager the workers hold
/// them, and nothing is done here.</summary>
internal static class DescriptorStore
{
    // "attachment.ID.ROLE". Sockets come with the name of their unit, so no name here may begin like one. Each
    // descriptor has a name of its own: the manager returns those of one name in no particular order (systemd 252: the
    // last first).
    private const string Prefix = "attachment.";
    private const string Device = "device";
    private const string Journal = "journal";
    private const string Image = "image";
    private const string Directory = "directory";
    private const string Password = "password";

    private static readonly string[] Roles = [Device, Journal, Image, Directory, Password];

    /// <summary>Stores what a successor needs to keep an attachment alive without its worker; on return it is
    /// safe.</summary>
    public static void Store(Attached attached)
    {
        if (attached.Device is null || attached.Journal is null || attached.Image is null)
        {
            return;
        }

        string id = attached.Record.Id;
        List<(string, SafeHandle)> handles =
        [
            (NameOf(id, Device), attached.Device),
            (NameOf(id, Journal), attached.Journal),
            (NameOf(id, Image), attached.Image),
        ];
        if (attached.Directory is not null)
        {
            handles.Add((NameOf(id, Directory), attached.Directory));
        }

        if (attached.Password is not null)
        {
            handles.Add((NameOf(id, Password), attached.Password));
        }

        SystemdNotify.Store(handles);
    }

    /// <summary>Removes them.</summary>
    public static void Remove(string id)
    {
        foreach (string role in Roles)
        {
            SystemdNotify.Remove(NameOf(id, role));
        }
    }

    /// <summary>Sorts what the service manager passed by attachment.</summary>
    /// <param name="passed">From <see cref="SystemdNotify.TakePassed"/>.</param>
    /// <param name="others">What is no attachment's: sockets.</param>
    public static Dictionary<string, HeldDescriptors> Sort(
        IReadOnlyList<(string Name, SafeFileHandle Handle)> passed, out List<SafeFileHandle> others)
    {
        Dictionary<string, HeldDescriptors> attachments = new(StringComparer.Ordinal);
        others = [];
        foreach ((string name, SafeFileHandle handle) in passed)
        {
            if (!name.StartsWith(Prefix, StringComparison.Ordinal))
            {
                others.Add(handle);
                continue;
            }

            int dot = name.LastIndexOf('.');
            string id = name[Prefix.Length..Math.Max(dot, Prefix.Length)];
            if (!attachments.TryGetValue(id, out HeldDescriptors? held))
            {
                attachments.Add(id, held = new());
            }

            Put(held, name[(dot + 1)..], handle);
        }

        return attachments;
    }

    private static string NameOf(string id, string role) => $"{Prefix}{id}.{role}";

    private static void Put(HeldDescriptors held, string role, SafeFileHandle handle)
    {
        switch (role)
        {
            case Device when held.Device is null:
                held.Device = handle;
                break;
            case Journal when held.Journal is null:
                held.Journal = handle;
                break;
            case Image when held.Image is null:
                held.Image = handle;
                break;
            case Directory when held.Directory is null:
                held.Directory = handle;
                break;
            case Password when held.Password is null:
                held.Password = handle;
                break;
            default:
                // Of another version of the daemon, or twice: nothing that an attachment would miss.
                handle.Dispose();
                break;
        }
    }
}
