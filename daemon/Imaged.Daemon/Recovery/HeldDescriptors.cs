using Microsoft.Win32.SafeHandles;

namespace Imaged.Daemon.Recovery;

/// <summary>The descriptors that keep an attachment alive without its worker.</summary>
internal sealed class HeldDescriptors : IDisposable
{
    /// <summary>The FUSE connection.</summary>
    public SafeFileHandle? Device { get; set; }

    /// <summary>The request journal.</summary>
    public SafeFileHandle? Journal { get; set; }

    /// <summary>The image.</summary>
    public SafeFileHandle? Image { get; set; }

    /// <summary>The image's directory; not every attachment has it.</summary>
    public SafeFileHandle? Directory { get; set; }

    /// <summary>What the password is read from; not every attachment has it.</summary>
    public SafeFileHandle? Password { get; set; }

    /// <summary>Whether a worker can be started with them.</summary>
    public bool IsComplete => Device is not null && Journal is not null && Image is not null;

    /// <inheritdoc/>
    public void Dispose()
    {
        Device?.Dispose();
        Journal?.Dispose();
        Image?.Dispose();
        Directory?.Dispose();
        Password?.Dispose();
    }
}
