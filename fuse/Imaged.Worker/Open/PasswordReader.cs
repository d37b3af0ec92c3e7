using Imaged.Ipc;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Worker.Open;

/// <summary>Reads the password that came as a descriptor.</summary>
internal static class PasswordReader
{
    private const int MaxLength = 4096;

    /// <summary>The password: the bytes of a regular file without the line end behind them; null without a
    /// file.</summary>
    /// <exception cref="ImagedException">It is empty or too long.</exception>
    public static byte[]? Read(SafeFileHandle? file)
    {
        if (file is null)
        {
            return null;
        }

        byte[] buffer = new byte[MaxLength + 2];
        int length = 0;
        for (int count = -1; count != 0 && length < buffer.Length; length += count)
        {
            count = RandomAccess.Read(file, buffer.AsSpan(length), length);
        }

        ReadOnlySpan<byte> password = buffer.AsSpan(0, length);
        password = password.EndsWith("\r\n"u8) ? password[..^2] : password.EndsWith("\n"u8) ? password[..^1] : password;
        return password.Length is 0 or > MaxLength
            ? throw new ImagedException(ErrorKind.InvalidArgument, $"a password has 1 to {MaxLength} bytes")
            {
                Field = "password",
            }
            : password.ToArray();
    }
}
