using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Linux.Fuse;

/// <summary>Asks the kernel which version of the FUSE protocol it speaks.</summary>
public static unsafe class FuseVersion
{
    private const int HeaderSize = 40; // struct fuse_in_header; major and minor follow
    private const int ReadSize = 1 << 16;
    private const int Patience = 1000;

    /// <summary>Makes a mount that nobody sees and reads the first request, which says the version. Needs
    /// CAP_SYS_ADMIN.</summary>
    /// <exception cref="LinuxException">There is no FUSE.</exception>
    public static Version Ask()
    {
        using SafeFileHandle device = FuseDevice.Open();
        using SafeFileHandle mount = MountApi.Create(
            "fuse",
            [
                new("fd", HostPath.Number(device).ToString(CultureInfo.InvariantCulture)),
                new("rootmode", "40000"),
                new("user_id", "0"),
                new("group_id", "0"),
            ],
            MountAttributes.ReadOnly);
        if (Poller.Wait([device], Patience).Count == 0)
        {
            throw new LinuxException("ask for the version of FUSE", Errno.EAGAIN);
        }

        byte[] request = new byte[ReadSize];
        fixed (byte* bytes = request)
        {
            int length = FuseDevice.Read(HostPath.Number(device), bytes, request.Length);
            return length < HeaderSize + (2 * sizeof(int))
                ? throw new LinuxException("ask for the version of FUSE", length < 0 ? -length : Errno.EIO)
                : new(
                    MemoryMarshal.Read<int>(request.AsSpan(HeaderSize)),
                    MemoryMarshal.Read<int>(request.AsSpan(HeaderSize + sizeof(int))));
        }
    }
}
