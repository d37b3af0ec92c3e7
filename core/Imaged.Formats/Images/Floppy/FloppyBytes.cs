using System.Text;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Floppy;

/// <summary>The bytes of an image that is read from its beginning to its end. Not thread-safe.</summary>
/// <param name="format">Id of the format, for errors.</param>
/// <param name="bytes">All of them.</param>
internal sealed class FloppyBytes(string format, byte[] bytes)
{
    private const int MaxLines = 32;

    /// <summary>Byte offset of the next one.</summary>
    public int Offset { get; private set; }

    /// <summary>Whether all are read.</summary>
    public bool IsAtEnd => Offset == bytes.Length;

    /// <summary>The next byte, which stays the next one.</summary>
    /// <exception cref="ImageFormatException">There is none.</exception>
    public byte Peek()
    {
        byte next = Take(1)[0];
        Offset--;
        return next;
    }

    /// <summary>The next bytes.</summary>
    /// <exception cref="ImageFormatException">There are fewer.</exception>
    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > bytes.Length - Offset)
        {
            ImageFormatException.Throw(format, Offset, "the file is cut off");
        }

        Offset += count;
        return bytes.AsSpan(Offset - count, count);
    }

    /// <summary>How many bytes are before a value, at most so many; negative when it is not among them.</summary>
    public int IndexOf(byte value, int maxCount) =>
        bytes.AsSpan(Offset, Math.Min(maxCount, bytes.Length - Offset)).IndexOf(value);

    /// <summary>The lines of a comment, at most 32, without those that are empty.</summary>
    public static string[] LinesOf(ReadOnlySpan<byte> text) => [.. Encoding.Latin1.GetString(text)
        .Split(['\0', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Take(MaxLines)];
}
