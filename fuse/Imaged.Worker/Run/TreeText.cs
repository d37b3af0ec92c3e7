using System.Buffers;
using System.Text;

namespace Imaged.Worker.Run;

/// <summary>Names of files as text.</summary>
internal static class TreeText
{
    /// <summary>Whether the bytes are valid UTF-8.</summary>
    public static bool IsUtf8(ReadOnlySpan<byte> name) => System.Text.Unicode.Utf8.IsValid(name);

    /// <summary>Bytes as text: UTF-8, each invalid byte as <c>\xNN</c>.</summary>
    public static string Of(ReadOnlySpan<byte> name)
    {
        if (IsUtf8(name))
        {
            return Encoding.UTF8.GetString(name);
        }

        StringBuilder text = new();
        while (!name.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(name, out Rune rune, out int length) == OperationStatus.Done)
            {
                text.Append(rune.ToString());
            }
            else
            {
                text.Append("\\x").Append(Convert.ToHexStringLower(name[..length]));
            }

            name = name[length..];
        }

        return text.ToString();
    }
}
