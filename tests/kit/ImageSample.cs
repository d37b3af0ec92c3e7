using System.Security.Cryptography;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;

namespace Imaged.TestKit;

/// <summary>A real sample, opened with all its layers.</summary>
public sealed class ImageSample : IDisposable
{
    private readonly SampleFiles _files;

    private ImageSample(SampleFiles files, ImageStack stack)
    {
        _files = files;
        Stack = stack;
    }

    /// <summary>Its layers.</summary>
    public ImageStack Stack { get; }

    /// <summary>The outermost image.</summary>
    public DiskImage Image => Stack.Layers[0];

    /// <summary>The disk: the content of the innermost image.</summary>
    public BlockSource Disk => Stack.Innermost.Content;

    /// <summary>The files that it consists of.</summary>
    public HostFiles Files => _files;

    /// <summary>Opens a sample. Skips the test when the samples are absent.</summary>
    /// <param name="name">Relative to the samples' folder, as in its manifest.</param>
    /// <param name="format">Format to use; null to find it out.</param>
    /// <param name="password">The password, or null.</param>
    /// <param name="first">Other bytes than the sample's own, to damage it; null for its own.</param>
    /// <param name="unpack">Whether a packed sample is meant unpacked.</param>
    public static ImageSample Open(
        string name, string? format = null, string? password = null, BlockSource? first = null, bool unpack = true)
    {
        SampleFiles files = new(name, first, unpack);
        try
        {
            ImageOpener opener = new(files.First, files.Name, files, new BlockCache(8 << 20))
            {
                Password = password is null ? null : Encoding.UTF8.GetBytes(password),
            };
            return new(files, ImageStack.Open(opener, format));
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>The SHA-256 of a source in lower-case hexadecimal digits.</summary>
    /// <param name="source">The source.</param>
    /// <param name="length">Bytes from the beginning; null for all.</param>
    public static string Sha256(BlockSource source, long? length = null)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        long end = length ?? source.Length;
        for (long offset = 0; offset < end; offset += buffer.Length)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - offset));
            source.Read(offset, part);
            hash.AppendData(part);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stack.Dispose();
        _files.Dispose();
    }
}
