using Microsoft.Win32.SafeHandles;

namespace Imaged.Linux.Sockets;

/// <summary>Keeps a descriptor from being closed, and its number from being reused, while a system call runs on
/// it.</summary>
internal readonly ref struct SocketUse
{
    private readonly SafeFileHandle? _handle;

    public SocketUse(SafeFileHandle? handle)
    {
        bool added = false;
        handle?.DangerousAddRef(ref added);
        _handle = handle;
    }

    // poll(2) ignores negative numbers.
    public int Number => _handle is null ? -1 : (int)_handle.DangerousGetHandle();

    public void Dispose() => _handle?.DangerousRelease();
}
