using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Imaged.Formats.Model;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Worker.Open;

/// <summary>Keeps indexes as files of a directory, each named by what it is the index of, and makes spools there. The
/// directory belongs to the user whom this process runs as, who may have put anything there.</summary>
internal sealed class SeekIndexStore : ISeekIndexStore
{
    // All indexes of one user, in bytes; the oldest are removed.
    private const long MaxTotal = 256 << 20;
    private const int MaxFiles = 65536;
    private const int NameBytes = 16;
    private const string Suffix = ".idx";

    private readonly SafeFileHandle _directory;
    private readonly FileIdentity _image;

    /// <summary>A store for the indexes of one image; neither handle becomes the store's.</summary>
    public SeekIndexStore(SafeFileHandle directory, SafeFileHandle image)
    {
        _directory = directory;
        _image = HostPath.Identify(image);
    }

    /// <inheritdoc/>
    public byte[]? TryLoad(ReadOnlySpan<byte> key)
    {
        if (!_image.IsRegular)
        {
            return null;
        }

        try
        {
            using SafeFileHandle file = HostPath.OpenBeneath(_directory, NameOf(key));
            FileIdentity identity = HostPath.Identify(file);
            if (!identity.IsRegular || identity.Size > ISeekIndexStore.MaxLength)
            {
                return null;
            }

            byte[] index = new byte[identity.Size];
            return RandomAccess.Read(file, index, 0) == index.Length ? index : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Save(ReadOnlySpan<byte> key, ReadOnlySpan<byte> index)
    {
        // What a device holds may change without a trace.
        if (!_image.IsRegular)
        {
            return;
        }

        string name = NameOf(key);
        byte[] temporary = Encoding.ASCII.GetBytes(
            FormattableString.Invariant($"{name}.{Environment.ProcessId}-{Environment.TickCount64:x}"));
        try
        {
            RemoveOldest(index.Length);
            using HostDirectory folder = new(HostPath.Duplicate(_directory));
            try
            {
                using (SafeFileHandle file = folder.CreateFile(temporary))
                {
                    RandomAccess.Write(file, index, 0);
                    FileCache.Flush(file);
                }

                folder.Rename(temporary, Encoding.ASCII.GetBytes(name));
            }
            catch (IOException)
            {
                folder.RemoveFile(temporary);
                throw;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It is made again the next time.
        }
    }

    /// <inheritdoc/>
    public ISpool? TryCreateSpool()
    {
        try
        {
            using HostDirectory folder = new(HostPath.Duplicate(_directory));
            return new FileSpool(folder.CreateUnnamed());
        }
        catch (IOException)
        {
            return null;
        }
    }

    // A file that was changed has another time; a copy of it is another file.
    private string NameOf(ReadOnlySpan<byte> key)
    {
        Span<byte> identity = stackalloc byte[32];
        BinaryPrimitives.WriteUInt32LittleEndian(identity, _image.Device.Major);
        BinaryPrimitives.WriteUInt32LittleEndian(identity[4..], _image.Device.Minor);
        BinaryPrimitives.WriteUInt64LittleEndian(identity[8..], _image.Inode);
        BinaryPrimitives.WriteInt64LittleEndian(identity[16..], _image.Size);
        BinaryPrimitives.WriteInt64LittleEndian(identity[24..], _image.Modified);
        return Convert.ToHexStringLower(SHA256.HashData([.. key, .. identity])[..NameBytes]) + Suffix;
    }

    // Also what a process that was killed while it wrote has left.
    private void RemoveOldest(long needed)
    {
        string path = FormattableString.Invariant($"/proc/self/fd/{_directory.DangerousGetHandle()}");
        FileInfo[] files =
        [
            .. new DirectoryInfo(path).EnumerateFiles().Where(file => IsOurs(file.Name)).Take(MaxFiles)
                .OrderBy(file => file.LastWriteTimeUtc),
        ];
        long total = files.Sum(file => file.Length) + needed;
        using HostDirectory folder = new(HostPath.Duplicate(_directory));
        foreach (FileInfo file in files)
        {
            if (total <= MaxTotal)
            {
                break;
            }

            total -= file.Length;
            folder.RemoveFile(Encoding.UTF8.GetBytes(file.Name));
        }
    }

    private static bool IsOurs(string name) =>
        name.Length >= (NameBytes * 2) + Suffix.Length
        && name.AsSpan(0, NameBytes * 2).IndexOfAnyExcept("0123456789abcdef") < 0
        && name.AsSpan(NameBytes * 2).StartsWith(Suffix, StringComparison.Ordinal);
}
