using System.Text.Json;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>One volume of mkfs.ext4 as an image of any format.</summary>
internal static class Disks
{
    /// <summary>Makes <c>disk</c>, a volume of several megabytes with what compresses well, badly and not at all, of
    /// the folder <c>source</c>; its times are whole seconds.</summary>
    public static void Make(string folder) => Tool.Shell($$"""
        cd '{{folder}}'
        mkdir -p source/deep/er volume
        seq 1 200000 > source/numbers
        head -c 2M /dev/urandom > source/noise
        truncate -s 3M source/hole
        echo end >> source/hole
        ln -s ../numbers source/deep/link
        : > source/deep/er/empty
        chmod 640 source/noise
        find source -exec touch -h -d @1700000000 {} +
        cp -a source volume/data
        mkfs.ext4 -q -F -E root_owner=0:0 -d volume disk 12M 2>&1
        """);

    /// <summary>The image is of a format, is mounted with all the files, made raw again, and verified.</summary>
    public static void AssertMounts(PrivateSystem system, string image, string format)
    {
        JsonElement layers = system.Run("info", "--json", image).Succeeds().Json.GetProperty("layers");
        Assert.Equal(format, layers[0].GetProperty("format").GetString());

        // By the kernel's driver on a device, and by the reader of imaged.
        foreach (string view in (string[])["kernel", "tree"])
        {
            string directory = system.Mount(image, "--as", view);
            Assert.Equal(view == "kernel" ? "ext4" : "fuse.imaged", Machine.Mount(directory).Type);
            Trees.AssertEqual(system["source"], Path.Combine(directory, "data"));
            system.Run("umount", directory).Succeeds();
        }

        system.Run("convert", image, system["back.img"]).Succeeds();
        byte[] expected = File.ReadAllBytes(system["disk"]);
        byte[] actual = File.ReadAllBytes(system["back.img"]);

        // Some formats round the length up.
        Assert.Equal(expected, actual[..expected.Length]);
        Assert.All(actual[expected.Length..], value => Assert.Equal(0, value));
        system.Run("verify", image).Succeeds();
    }
}
