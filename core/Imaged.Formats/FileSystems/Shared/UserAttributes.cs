using System.Text;

namespace Imaged.Formats.Shared;

/// <summary>Extended attributes of Linux that stand for what other systems keep beside the content of a file.</summary>
internal static class UserAttributes
{
    /// <summary>Their namespace.</summary>
    public const string Prefix = "user.";

    /// <summary>Longest value in bytes that Linux hands out.</summary>
    public const int MaxLength = 65536;

    /// <summary>Longest name in bytes, prefix included.</summary>
    public const int MaxNameLength = 255;

    /// <summary>So many are listed: Linux takes 64 KiB of names.</summary>
    public const int MaxCount = 256;

    /// <summary>Whether Linux takes this name behind the prefix.</summary>
    public static bool IsName(string name) =>
        name.Length > 0 && !name.Contains('\0', StringComparison.Ordinal)
        && Encoding.UTF8.GetByteCount(name) + Prefix.Length <= MaxNameLength;
}
