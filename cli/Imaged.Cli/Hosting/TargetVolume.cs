using Imaged.Ipc.Contract;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Hosting;

/// <summary>A volume of a disk that was written, as a loop device of its own: while the disk stays opened so that
/// nobody else may use it, and whether the kernel reads its partition table or not. It goes with this
/// process.</summary>
internal sealed class TargetVolume : IDisposable
{
    private readonly LoopDevice _loop;

    private TargetVolume(LoopDevice loop) => _loop = loop;

    /// <summary>Path of the device.</summary>
    public string Device => _loop.Path;

    /// <summary>Makes the device.</summary>
    /// <param name="disk">The disk, opened for reading and writing.</param>
    /// <param name="volume">The volume as it was in the image.</param>
    /// <param name="length">Its length now, in bytes.</param>
    public static TargetVolume Attach(SafeFileHandle disk, RestoredVolume volume, long length)
    {
        LoopOptions options = new(
            "imagectl", volume.Offset, length, BlockDevice.GetSectorSize(disk), ReadOnly: false, AutoClear: true);
        return new(LoopDevice.Attach(disk, options));
    }

    /// <summary>Mounts its file system where nobody sees it; it is unmounted when the descriptor and those of its
    /// files are closed.</summary>
    /// <param name="type">The kernel's driver.</param>
    public SafeFileHandle Mount(string type)
    {
        // A copy has the UUID of what it was copied from, which may be mounted on this very machine.
        List<KeyValuePair<string, string?>> options = [new("source", Device)];
        if (type == "xfs")
        {
            options.Add(new("nouuid", null));
        }

        return MountApi.Create(
            type,
            options,
            MountAttributes.NoSuid | MountAttributes.NoDev | MountAttributes.NoExec | MountAttributes.NoAtime);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _loop.Detach();
        }
        finally
        {
            _loop.Dispose();
        }
    }
}
