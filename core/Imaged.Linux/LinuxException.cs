using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>A system call failed.</summary>
public sealed class LinuxException : IOException
{
    /// <summary>Names what failed and why.</summary>
    /// <param name="what">What was tried, e.g. <c>open '/dev/loop3'</c>.</param>
    /// <param name="errno">The error number, above 0.</param>
    /// <param name="detail">What the kernel said beyond the number; null for nothing.</param>
    public LinuxException(string what, int errno, string? detail = null)
        : base($"{what}: {(detail is null ? string.Empty : detail + ": ")}{Text(errno)}")
    {
        Errno = errno;
    }

    /// <summary>The error number as in <c>errno(3)</c>.</summary>
    public int Errno { get; }

    /// <summary>The error's text, e.g. <c>Device or resource busy</c>.</summary>
    public static string Text(int errno) => Marshal.GetPInvokeErrorMessage(errno);

    /// <summary>Throws for the last error of this thread when <paramref name="result"/> is negative.</summary>
    internal static int Check(int result, string what)
    {
        if (result < 0)
        {
            Throw(what);
        }

        return result;
    }

    [DoesNotReturn]
    internal static void Throw(string what) => throw new LinuxException(what, LibC.errno);
}
