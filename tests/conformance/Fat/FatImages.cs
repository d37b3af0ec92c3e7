using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Fat;
using Imaged.Formats.Model;
using Imaged.TestKit;

namespace Imaged.Conformance.Fat;

/// <summary>FAT volumes made by dosfstools and filled by mtools.</summary>
internal static class FatImages
{
    /// <summary>Writes a folder with all sorts of names and sizes.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="large">Length of the largest file in bytes.</param>
    /// <param name="many">Files in the largest directory.</param>
    public static void MakeTree(string root, int large, int many)
    {
        Random random = new(7);
        int count = 0;
        void Write(string path, int length)
        {
            path = Path.Combine(root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            byte[] bytes = new byte[length];
            random.NextBytes(bytes);
            File.WriteAllBytes(path, bytes);
            File.SetLastWriteTimeUtc(path, new DateTime(1999, 3, 1, 4, 5, 6, DateTimeKind.Utc).AddSeconds(2 * count++));
        }

        foreach (int length in (ReadOnlySpan<int>)[0, 1, 511, 512, 513, 4096, 5000, large])
        {
            Write($"sizes/{length}.bin", length);
        }

        foreach (string name in (ReadOnlySpan<string>)[
            "UPPER.TXT", "lower.txt", "Mixed Case.Text", "no extension", ".hidden", "two.dots.gz", "a+b,c;=[d].x",
            "ümläut.txt", "ÜMLÄUT GROSS.TXT", "日本語のファイル名.txt",
            "Ελληνικά", "x", new string('n', 120) + ".long", "13 characters",
            "26 characters, which is 2.", "trailing~1", "longname that collides.txt",
            new string('ü', 127)])
        {
            Write("names/" + name, 10 + Encoding.UTF8.GetByteCount(name));
        }

        string deep = "deep";
        for (int i = 0; i < 20; i++)
        {
            deep += $"/level {i}";
        }

        Write(deep + "/bottom", 77);
        for (int i = 0; i < many; i++)
        {
            Write($"many/file number {i}.txt", i % 40);
        }

        Directory.CreateDirectory(Path.Combine(root, "empty"));
    }

    /// <summary>Makes a volume and copies the folder <c>tree</c> into it, between files some of which are deleted
    /// before, so that what is copied is fragmented.</summary>
    /// <param name="folder">Holds <c>tree</c>; gets <c>fat.img</c>.</param>
    /// <param name="kilobytes">Size of the volume.</param>
    /// <param name="options">For mkfs.fat.</param>
    /// <returns>Path of the volume.</returns>
    public static string Make(TemporaryFolder folder, int kilobytes, string options)
    {
        string image = folder["fat.img"];
        Tool.Shell($"""
            export MTOOLS_SKIP_CHECK=1 PATH=$PATH:/usr/sbin:/sbin
            rm -f {image}
            mkfs.fat --invariant -C {options} {image} {kilobytes} > {folder["log"]} 2>&1
            cd {folder["tree"]}
            mmd -i {image} ::gaps
            for i in $(seq 12); do head -c 3000 /dev/zero | mcopy -i {image} - ::gaps/$i; done
            for i in $(seq 1 2 12); do mdel -i {image} ::gaps/$i; done
            mcopy -i {image} -s -m ./* ::
            mdeltree -i {image} ::gaps
            """);
        return image;
    }

    /// <summary>The tree on a volume.</summary>
    public static FileTree Open(BlockSource volume) =>
        FatFileSystem.Open(volume, new FileTreeOptions(new BlockCache(1 << 20)));
}
