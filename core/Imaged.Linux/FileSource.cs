using Imaged.Blocks;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Linux;

/// <summary>A regular file of the host, read through the page cache. Thread-safe.</summary>
public sealed class FileSource : BlockSource
{
    private readonly SafeFileHandle _file;
    private readonly int _fileIndex;

    /// <summary>Takes ownership of <paramref name="file"/>, an open regular file.</summary>
    /// <param name="file">Opened for reading.</param>
    /// <param name="fileIndex">Index in the list of host files of the image, for <see cref="HostRange"/>.</param>
    public FileSource(SafeFileHandle file, int fileIndex = 0)
    {
        _file = file;
        _fileIndex = fileIndex;
        Length = RandomAccess.GetLength(file);
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <summary>Opens a file by its path; for tests and tools, the worker gets descriptors.</summary>
    public static FileSource Open(string path) =>
        new(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        while (!destination.IsEmpty)
        {
            int count = RandomAccess.Read(_file, destination, offset);
            if (count == 0)
            {
                throw new EndOfStreamException(
                    $"the file ends at byte {offset}; it was {Length} bytes long when opened");
            }

            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        return new(offset, Length - offset, ExtentKind.Data, new HostRange(_fileIndex, offset));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _file.Dispose();
}
