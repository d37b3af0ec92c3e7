using System.Text;
using System.Text.Json;
using Imaged.TestKit;

namespace Imaged.E2e;

/// <summary>A volume of files to be saved: with holes between them, and free blocks that are not zero.</summary>
internal static class SavedVolume
{
    /// <summary>Makes <c>disk</c>, ext4 of 64 MiB with blocks of 1 KiB, from <c>tree</c>, of which some files have been
    /// removed again.</summary>
    public static void Make(PrivateSystem system) => In(
        system,
        "head -c 64M /dev/zero | tr '\\0' '\\132' >disk; mkdir -p tree/folder; echo small >tree/folder/small; "
        + "head -c 3M /dev/urandom >tree/big; "
        + "for n in $(seq 200); do head -c 20000 /dev/urandom >tree/folder/f$n; done; "
        + "mkfs.ext4 -q -F -b 1024 -E nodiscard -L SAVED -d tree disk; mkdir at; "
        + "mount -o loop disk at; rm at/folder/f*[0-4]; umount at");

    /// <summary>Makes <c>big.img</c>, a disk with a GPT: the volume from 2 MiB on, a partition of random bytes, random
    /// bytes in its gaps.</summary>
    public static void MakeDisk(PrivateSystem system) => In(
        system,
        "head -c 200M /dev/urandom >big.img; "
        + "printf 'label: gpt\\nstart=4096, size=131072\\nstart=204800, size=100000\\n' | sfdisk -q big.img; "
        + "dd if=disk of=big.img bs=1M seek=2 conv=notrunc status=none; "
        + "printf BOOT | dd of=big.img conv=notrunc status=none");

    /// <summary>Changes the volume.</summary>
    /// <param name="system">Where it is.</param>
    /// <param name="script">Run with the volume mounted at <c>at</c>.</param>
    public static void Change(PrivateSystem system, string script) =>
        In(system, $"mount -o loop disk at; {script}; umount at");

    /// <summary>Saves something.</summary>
    /// <returns>What <c>--json</c> says.</returns>
    public static JsonElement Backup(PrivateSystem system, string source, string target, params string[] options) =>
        system.Run(["backup", "--json", system[source], system[target], .. options]).Succeeds().Json;

    /// <summary>The manifest of a backup, by what docs/backup-format.md says: the last thing in the
    /// file.</summary>
    public static JsonElement ReadManifest(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int at = file.AsSpan().LastIndexOf("{\"version\":1"u8);
        return JsonDocument.Parse(Encoding.UTF8.GetString(file.AsSpan(at))).RootElement.Clone();
    }

    /// <summary>Runs a script in the folder of the system.</summary>
    public static string In(PrivateSystem system, string script) => Tool.Shell($"cd '{system.Folder}'; {script}").Text;

    /// <summary>Compares all files of two volumes, by the kernel.</summary>
    public static void AssertSameFiles(PrivateSystem system, string one, string other) => In(
        system,
        $"mkdir -p m1 m2; mount -o loop,ro {one} m1; mount -o loop,ro {other} m2; "
        + "diff -r m1 m2 && status=0 || status=1; umount m1 m2; exit $status");
}
