using System.Globalization;
using Imaged.E2e;

namespace Imaged.Bench;

/// <summary>The FUSE file that a worker serves under a loop device. Its mount is in nobody's sight; root reaches it
/// through the daemon's descriptors.</summary>
internal sealed class ServedFile : IDisposable
{
    private readonly PrivateSystem _system;
    private readonly string _device;

    /// <summary>Attaches an image that could do without, over FUSE.</summary>
    public ServedFile(PrivateSystem system, string image)
    {
        _system = system;
        _device = system.Run("attach", image, "--via", "fuse").Succeeds().Output.Split('\n')[0];
        string name = Machine.Loops()[_device];
        string descriptors = $"/proc/{system.DaemonPid.ToString(CultureInfo.InvariantCulture)}/fd";
        string? path = Directory.EnumerateFileSystemEntries(descriptors).Select(entry => entry + name)
            .FirstOrDefault(File.Exists);
        if (path is null)
        {
            _system.Run("detach", _device);
            throw new FileNotFoundException($"the backing file '{name}' of {_device} cannot be reached");
        }

        Path = path;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public void Dispose() => _system.Run("detach", _device).Succeeds();
}
