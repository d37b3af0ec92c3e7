using Imaged.Formats.Model;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Worker.Open;

/// <summary>A spool in a file without a name, which is gone when the process is.</summary>
internal sealed class FileSpool : ISpool
{
    // What is left to others on the file system.
    private const long Reserve = 512 << 20;

    private const long CheckDistance = 16 << 20;

    private readonly SafeFileHandle _file;
    private long _unchecked = CheckDistance;

    /// <summary>Takes ownership of an empty file.</summary>
    public FileSpool(SafeFileHandle file)
    {
        _file = file;
    }

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        if (Interlocked.Add(ref _unchecked, bytes.Length) >= CheckDistance)
        {
            if (CacheDirectory.FreeBytes(_file) < Reserve)
            {
                throw new IOException("the file system with the spool is nearly full");
            }

            Interlocked.Exchange(ref _unchecked, 0);
        }

        RandomAccess.Write(_file, bytes, offset);
    }

    /// <inheritdoc/>
    public void Read(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int count = RandomAccess.Read(_file, destination, offset);
            if (count == 0)
            {
                destination.Clear();
                return;
            }

            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
