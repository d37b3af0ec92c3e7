using System.Runtime.InteropServices;
using Imaged.Cli.Arguments;
using Imaged.Ipc.Contract;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Hosting;

/// <summary>What a call to the daemon says of an image, and the descriptors that go along.</summary>
internal sealed class ImageRequest : IDisposable
{
    private readonly List<SafeHandle> _descriptors = [];
    private readonly SafeFileHandle? _password;

    /// <summary>Collects the descriptors; the image stays its owner's.</summary>
    public ImageRequest(ImageFile image, ParsedArguments arguments)
    {
        Image = Add(image.Handle);
        Directory = image.Directory is null ? null : Add(image.Directory);
        Path = image.RealPath;
        Options = ImageOptions.Read(arguments);
        _password = PasswordFile.Open(arguments);
        Options.Password = _password is null ? null : Add(_password);
    }

    public int Image { get; }

    public int? Directory { get; }

    public string Path { get; }

    public OpenOptions Options { get; }

    public IReadOnlyList<SafeHandle> Descriptors => _descriptors;

    /// <summary>Adds a descriptor; returns its index.</summary>
    public int Add(SafeHandle handle)
    {
        _descriptors.Add(handle);
        return _descriptors.Count - 1;
    }

    /// <inheritdoc/>
    public void Dispose() => _password?.Dispose();
}
