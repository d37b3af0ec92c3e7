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

    /// <summary>Whether a worker can be started with them.</summary>
    public bool IsComplete => Device is not null && Journal is not null && Image is not null;

    /// <summary>In the order in which a worker hands them over.</summary>
    public static HeldDescriptors Of(IReadOnlyList<SafeFileHandle> handles)
    {
        HeldDescriptors held = new()
        {
            Device = handles.ElementAtOrDefault(0),
            Journal = handles.ElementAtOrDefault(1),
            Image = handles.ElementAtOrDefault(2),
            Directory = handles.ElementAtOrDefault(3),
        };
        foreach (SafeFileHandle surplus in handles.Skip(4))
        {
            surplus.Dispose();
        }

        return held;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Device?.Dispose();
        Journal?.Dispose();
        Image?.Dispose();
        Directory?.Dispose();
    }
}
