using Imaged.Blocks;
using Imaged.Fuse;
using Imaged.Linux;
using Imaged.Worker.Open;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Worker.Serve;

/// <summary>The regular files of an image in memory, each mapped when it is first asked for. Block devices are not
/// mapped: they are read past the page cache.</summary>
internal sealed unsafe class MappedImage : IHostMemory, IDisposable
{
    private readonly WorkerFiles _files;
    private readonly object _lock = new();
    private readonly MappedFile?[] _maps;
    private readonly bool[] _tried;

    /// <summary>Files that stay the caller's and outlive this.</summary>
    public MappedImage(WorkerFiles files)
    {
        _files = files;
        _maps = new MappedFile?[files.Opened.Count];
        _tried = new bool[_maps.Length];
    }

    /// <inheritdoc/>
    public bool TryFind(HostRange range, int count, out byte* address)
    {
        address = null;
        return (uint)range.FileIndex < (uint)_maps.Length
            && (Volatile.Read(ref _maps[range.FileIndex]) ?? Map(range.FileIndex)) is { } map
            && map.TryGetCached(range.Offset, count, out address);
    }

    /// <inheritdoc/>
    public void Forget(HostRange range, int count) => _maps[range.FileIndex]!.Forget(range.Offset, count);

    /// <summary>Unmaps the files.</summary>
    public void Dispose()
    {
        foreach (MappedFile? map in _maps)
        {
            map?.Dispose();
        }
    }

    private MappedFile? Map(int index)
    {
        lock (_lock)
        {
            if (!_tried[index])
            {
                _tried[index] = true;
                SafeFileHandle file = _files.HandleOf(index);
                long length = _files.Opened[index].Length;
                if (length > 0 && HostPath.Identify(file).IsRegular)
                {
                    Volatile.Write(ref _maps[index], MappedFile.TryMap(file, length));
                }
            }

            return _maps[index];
        }
    }
}
