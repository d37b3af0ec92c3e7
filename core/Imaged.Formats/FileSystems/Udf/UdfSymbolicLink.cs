namespace Imaged.Formats.Udf;

/// <summary>Path components: the content of a symbolic link (ECMA-167 4/14.16.1).</summary>
internal static class UdfSymbolicLink
{
    /// <summary>Longest target in bytes of UTF-8.</summary>
    public const int MaxTargetLength = 4095;

    /// <summary>Longest content: each byte of a target may take a component of its own.</summary>
    public const int MaxContentLength = 65536;

    /// <summary>Converts the components to a path.</summary>
    /// <returns>Null when they make no path of 1 to 4095 bytes.</returns>
    public static byte[]? ToPath(ReadOnlySpan<byte> content)
    {
        List<byte> path = [];
        while (content.Length >= 4)
        {
            int type = content[0];
            int length = content[1];
            if (length > content.Length - 4)
            {
                return null;
            }

            switch (type)
            {
                case 1 when length > 0:
                    // A root that the two parties agreed on: nothing that Linux could know.
                    break;
                case 1 or 2:
                    path.Clear();
                    path.Add((byte)'/');
                    break;
                case 3:
                    path.AddRange("../"u8);
                    break;
                case 4:
                    path.AddRange("./"u8);
                    break;
                case 5:
                    path.AddRange(UdfText.ToFileName(content.Slice(4, length)));
                    path.Add((byte)'/');
                    break;
                default:
                    return null;
            }

            if (path.Count > MaxTargetLength + 1)
            {
                return null;
            }

            content = content[(4 + length)..];
        }

        if (path.Count > 1 && path[^1] == (byte)'/')
        {
            path.RemoveAt(path.Count - 1);
        }

        return path.Count is 0 or > MaxTargetLength ? null : [.. path];
    }
}
