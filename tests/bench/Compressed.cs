using Imaged.TestKit;
using Imaged.TestKit.Builders;

namespace Imaged.Bench;

/// <summary>Images of one raw disk in formats that have to be decoded, made once by other programs, or by the builders
/// of the tests where Debian has no program that does.</summary>
internal static class Compressed
{
    /// <summary>Makes an image by a shell command.</summary>
    /// <param name="raw">The disk.</param>
    /// <param name="extension">Of the image's name, which tells it from other images of the disk.</param>
    /// <param name="command">With <c>{raw}</c>, <c>{image}</c>, and <c>{stem}</c> for the image's name without the last
    /// extension.</param>
    public static string Image(string raw, string extension, string command) =>
        Work.Made(Path.GetFileNameWithoutExtension(raw) + extension, image =>
            Tool.Shell(Expand(command, raw, image, string.Empty)));

    /// <summary>A DAA image as PowerISO makes them by default.</summary>
    public static string Daa(string raw) => Work.Made(Path.GetFileNameWithoutExtension(raw) + ".daa", image =>
        File.WriteAllBytes(image, new DaaBuilder().Build(File.ReadAllBytes(raw))[0]));

    /// <summary>A UDIF image of one codec.</summary>
    /// <param name="raw">The disk.</param>
    /// <param name="codec"><c>zlib</c>, <c>bzip2</c> or <c>lzma</c>. Nothing in Debian encodes ADC or LZFSE.</param>
    public static string Dmg(string raw, string codec) =>
        Work.Made($"{Path.GetFileNameWithoutExtension(raw)}-{codec}.dmg", image =>
        {
            using TemporaryFolder folder = new();
            DmgBuilder builder = new();
            foreach (byte[] chunk in File.ReadAllBytes(raw).Chunk(codec == "zlib" ? 256 << 10 : 1 << 20))
            {
                switch (codec)
                {
                    case "zlib":
                        builder.Zlib(chunk);
                        break;
                    case "bzip2":
                        builder.Encoded(0x80000006, chunk, Encode(folder, chunk, "bzip2 -9"));
                        break;
                    default:
                        builder.Encoded(0x80000008, chunk, Encode(folder, chunk, "xz -6"));
                        break;
                }
            }

            File.WriteAllBytes(image, builder.Build());
        });

    /// <summary>Puts names into a command.</summary>
    public static string Expand(string command, string raw, string image, string output) => command
        .Replace("{raw}", $"'{raw}'", StringComparison.Ordinal)
        .Replace("{image}", $"'{image}'", StringComparison.Ordinal)
        .Replace("{stem}", $"'{Path.ChangeExtension(image, null)}'", StringComparison.Ordinal)
        .Replace("{out}", $"'{output}'", StringComparison.Ordinal);

    private static byte[] Encode(TemporaryFolder folder, byte[] chunk, string encoder)
    {
        File.WriteAllBytes(folder["chunk"], chunk);
        return Tool.Shell($"{encoder} -c '{folder["chunk"]}'").Output;
    }
}
