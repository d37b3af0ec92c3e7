using Imaged.Daemon.Config;
using Imaged.Ipc.Contract;

namespace Imaged.Daemon.Manager;

/// <summary>Decides what is mounted by itself.</summary>
internal static class AutomountPolicy
{
    /// <summary>Decides about a device, or about the watched folder.</summary>
    /// <param name="config">The administrator's settings.</param>
    /// <param name="device">The device; null for the folder.</param>
    public static AutomountReply Decide(AutomountConfig config, AutomountDevice? device) =>
        device is null ? DecideFolder(config) : DecideDevice(config, device);

    private static AutomountReply DecideFolder(AutomountConfig config) => config.Folder is null
        ? Refuse("no folder is watched; to turn that on: automount-folder = yes")
        : new()
        {
            Allowed = true,
            Reason = "automount-folder names it",
            Folder = config.Folder,
            Names = config.Names,
            Kernel = config.Kernel,
        };

    private static AutomountReply DecideDevice(AutomountConfig config, AutomountDevice device)
    {
        if (!config.Devices && config.Images is null)
        {
            return Refuse("devices are not mounted by themselves; to turn that on: automount-devices = yes");
        }

        if (config.Allow.Count > 0 && !config.Allow.Any(rule => rule.Fits(device)))
        {
            return Refuse("no line 'automount-allow' fits it");
        }

        return new()
        {
            Allowed = true,
            Reason = config.Allow.Count > 0 ? "a line 'automount-allow' fits it" : "all removable devices are allowed",
            Files = config.Devices,
            Folder = config.Images,
            Names = config.Names,
            Kernel = config.Kernel,
        };
    }

    private static AutomountReply Refuse(string why) => new() { Reason = why + " (imaged.conf)" };
}
