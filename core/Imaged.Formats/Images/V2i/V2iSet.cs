using System.Text;

namespace Imaged.Formats.Images.V2i;

/// <summary>The list of the volumes of a disk (<c>.sv2i</c>), in XML. It holds no data: only the names in it are
/// told.</summary>
internal static class V2iSet
{
    private const string NameBegin = "<ImageFile>";
    private const string NameEnd = "</ImageFile>";
    private const int MaxNames = 16;

    /// <summary>Whether a file begins as one.</summary>
    /// <param name="head">Its first bytes.</param>
    public static bool IsIn(ReadOnlySpan<byte> head) =>
        TextOf(head[..Math.Min(head.Length, 512)]).TrimStart('\uFEFF', ' ', '\r', '\n').StartsWith(
            "<SDO clsid=\"", StringComparison.Ordinal);

    /// <summary>What it is, for a user who wants the volumes.</summary>
    /// <param name="head">Its first bytes.</param>
    public static string Describe(ReadOnlySpan<byte> head)
    {
        string text = TextOf(head);
        List<string> names = [];
        for (int from = 0; names.Count < MaxNames;)
        {
            int begin = text.IndexOf(NameBegin, from, StringComparison.Ordinal);
            int end = begin < 0 ? -1 : text.IndexOf(NameEnd, begin, StringComparison.Ordinal);
            if (end < 0)
            {
                break;
            }

            // The path is of another machine.
            names.Add("'" + Mapping.BackingFile.BareName(text[(begin + NameBegin.Length)..end].Trim()) + "'");
            from = end;
        }

        string volumes = names.Count == 0 ? "the .v2i files beside it" : string.Join(" or ", names);
        return $"a whole disk by its list of volumes (.sv2i; open {volumes})";
    }

    private static string TextOf(ReadOnlySpan<byte> bytes)
    {
        bool isWide = bytes is [0xFF, 0xFE, ..] or [(byte)'<', 0, ..];
        return (isWide ? Encoding.Unicode : Encoding.UTF8).GetString(bytes);
    }
}
