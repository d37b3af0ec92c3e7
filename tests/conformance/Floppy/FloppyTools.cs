using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;

namespace Imaged.Conformance.Floppy;

/// <summary>What the tests of floppy formats share.</summary>
internal static class FloppyTools
{
    /// <summary>Makes an image by dsktrans of a volume of mformat with files in it.</summary>
    /// <param name="layout">Name of the layout, as dsktrans has it.</param>
    /// <param name="kibibytes">Its size.</param>
    /// <param name="type">Type of the image, as dsktrans has it.</param>
    /// <returns>The volume, and the image.</returns>
    public static (byte[] Volume, byte[] Image) Make(string layout, int kibibytes, string type)
    {
        Requires.Tool("dsktrans", "mkfs.fat", "mcopy");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd '{folder.Path}'
            mkfs.fat -C -n FLOPPY -i 12345678 volume {kibibytes} >log
            seq 1 9000 >numbers; head -c 50000 /dev/zero | tr '\0' x >letters
            mcopy -i volume numbers letters ::
            dsktrans -itype raw -otype {type} -format {layout} volume image >log
            """);
        return (File.ReadAllBytes(folder["volume"]), File.ReadAllBytes(folder["image"]));
    }

    /// <summary>Opens an image by its content.</summary>
    public static DiskImage Open(BlockSource file) =>
        ImageFormats.Open(new(file, "disk", null, new BlockCache(1 << 20)), null);

    /// <summary>The content of an image, and its warnings.</summary>
    public static (byte[] Content, string[] Warnings) Read(byte[] bytes)
    {
        using MemorySource file = new(bytes);
        using DiskImage image = Open(file);
        return (image.Content.ReadBytes(0, (int)image.Content.Length), [.. image.Warnings]);
    }
}
