using Imaged.Ipc;
using Imaged.Linux;

namespace Imaged.Daemon.Attachments;

/// <summary>Reads the options of <c>-o</c>.</summary>
internal static class MountOptions
{
    /// <summary>The attributes of the mount. Read-only, nosuid and nodev unless root asks otherwise.</summary>
    /// <param name="options">Single options.</param>
    /// <param name="isRoot">Whether root asks.</param>
    /// <exception cref="ImagedException">An option is unknown or not allowed.</exception>
    public static MountAttributes Parse(IReadOnlyList<string> options, bool isRoot)
    {
        MountAttributes attributes = MountAttributes.ReadOnly | MountAttributes.NoSuid | MountAttributes.NoDev;
        foreach (string option in options)
        {
            attributes = option switch
            {
                "" or "defaults" or "ro" or "relatime" => attributes,
                "nosuid" => attributes | MountAttributes.NoSuid,
                "nodev" => attributes | MountAttributes.NoDev,
                "noexec" => attributes | MountAttributes.NoExec,
                "noatime" => attributes | MountAttributes.NoAtime,
                "exec" => attributes & ~MountAttributes.NoExec,
                "suid" when isRoot => attributes & ~MountAttributes.NoSuid,
                "dev" when isRoot => attributes & ~MountAttributes.NoDev,
                "suid" or "dev" => throw new ImagedException(
                    ErrorKind.PermissionDenied, $"the mount option '{option}' is for root only"),
                "rw" => throw new ImagedException(
                    ErrorKind.Unsupported, "images are mounted read-only; the mount option 'rw' is not supported")
                {
                    Format = "mount",
                    Feature = "rw",
                },
                _ => throw new ImagedException(
                    ErrorKind.InvalidArgument,
                    $"the mount option '{option}' is not known; known are ro, noexec, exec, nosuid, suid, nodev, dev, "
                    + "noatime")
                {
                    Field = "mountOptions",
                },
            };
        }

        return attributes;
    }
}
