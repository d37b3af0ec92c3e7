using Imaged.E2e;
using Imaged.TestKit;

namespace Imaged.Bench;

/// <summary>A file exported through FUSE by qemu-storage-daemon: what users would take instead.</summary>
internal sealed class QemuExport : IDisposable
{
    private readonly RunningCommand _daemon;

    /// <summary>Exports an image at <paramref name="mountPoint"/>, a file.</summary>
    /// <param name="image">The image.</param>
    /// <param name="mountPoint">Made.</param>
    /// <param name="driver">QEMU's name of its format.</param>
    public QemuExport(string image, string mountPoint, string driver = "raw")
    {
        File.WriteAllText(mountPoint, string.Empty);
        _daemon = RunningCommand.Start(
            "/usr/bin/qemu-storage-daemon",
            [
                "--blockdev", $"driver=file,node-name=file,filename={image},read-only=on",
                "--blockdev", $"driver={driver},node-name=disk,file=file,read-only=on",
                "--export", $"type=fuse,id=x,node-name=disk,mountpoint={mountPoint},writable=off",
            ],
            new Dictionary<string, string>(),
            null);
        Path = mountPoint;
        if (!Machine.Eventually(() => new FileInfo(mountPoint).Length > 0 || _daemon.HasExited) || _daemon.HasExited)
        {
            throw new IOException(_daemon.Finish().ToString());
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _daemon.Signal("TERM");
        _ = _daemon.Finish();
        _daemon.Dispose();
        Tool.TryRun("umount", Path);
    }
}
