using Imaged.TestKit;

namespace Imaged.E2e;

/// <summary>A loop device on a file.</summary>
internal sealed class LoopDisk : IDisposable
{
    private LoopDisk(string path) => Path = path;

    /// <summary>Its device.</summary>
    public string Path { get; }

    /// <summary>A device on a file of garbage.</summary>
    public static LoopDisk Of(PrivateSystem system, string name, int mebibytes, string options = "") => new(
        SavedVolume.In(
            system,
            $"head -c {mebibytes}M /dev/zero | tr '\\0' '\\377' >{name}; losetup {options} -f --show {name}").Trim());

    /// <summary>A device on a file that is there.</summary>
    public static LoopDisk On(PrivateSystem system, string name, string options = "") =>
        new(SavedVolume.In(system, $"losetup {options} -f --show {name}").Trim());

    /// <inheritdoc/>
    public void Dispose() => Tool.Run("losetup", "-d", Path);
}
