using System.Globalization;
using Imaged.E2e;

namespace Imaged.Bench;

/// <summary>The FUSE file that a worker serves under a loop device. The daemon keeps it out of everybody's sight; root
/// reaches it through the daemon's own view of the file system.</summary>
internal sealed class ServedFile : IDisposable
{
    private readonly PrivateSystem _system;
    private readonly string _device;

    /// <summary>Attaches an image that could do without, over FUSE.</summary>
    public ServedFile(PrivateSystem system, string image)
    {
        _system = system;
        _device = system.Run("attach", image, "--via", "fuse").Succeeds().Output.Split('\n')[0];
        string backing = Machine.Loops()[_device];
        Path = File.Exists(backing)
            ? backing
            : $"/proc/{system.DaemonPid.ToString(CultureInfo.InvariantCulture)}/root{backing}";
        if (!File.Exists(Path))
        {
            _system.Run("detach", _device);
            throw new FileNotFoundException($"the backing file '{backing}' of {_device} cannot be reached");
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public void Dispose() => _system.Run("detach", _device).Succeeds();
}
