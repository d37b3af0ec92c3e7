using System.Security.Cryptography;
using System.Text;
using Imaged.Blocks;
using Imaged.Linux;

namespace Imaged.TestKit;

/// <summary>The real images made by other people's programs. They are not part of this tree (licences): they are found
/// by <c>IMAGED_SAMPLES</c>, else in <c>../shared/samples</c> beside the tree.</summary>
public static class Samples
{
    private static readonly object Lock = new();

    /// <summary>Their folder, which need not exist.</summary>
    public static string Root { get; } =
        Environment.GetEnvironmentVariable("IMAGED_SAMPLES") ?? Path.Combine(Tree, "..", "shared", "samples");

    /// <summary>Whether they are there.</summary>
    public static bool Available => File.Exists(Path.Combine(Root, "MANIFEST.md"));

    /// <summary>Root of this source tree: the folder that holds <c>imaged.sln</c>.</summary>
    public static string Tree
    {
        get
        {
            string? folder = AppContext.BaseDirectory;
            while (folder is not null && !File.Exists(Path.Combine(folder, "imaged.sln")))
            {
                folder = Path.GetDirectoryName(folder);
            }

            return folder ?? throw new DirectoryNotFoundException("the tests do not run inside the source tree");
        }
    }

    /// <summary>Path of a sample, unpacked when it is an <c>.xz</c>, <c>.gz</c>, <c>.bz2</c> or <c>.Z</c> file. Skips
    /// the test when the samples are absent.</summary>
    /// <param name="name">Relative to the samples' folder, as in its manifest.</param>
    public static string Get(string name)
    {
        Requires.Samples();
        Evidence.Note("sample", name);
        string path = Path.Combine(Root, name);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"the sample {name} is in no folder", path);
        }

        string? unpack = Path.GetExtension(name) switch
        {
            ".xz" => "xz -dc",
            ".gz" or ".Z" => "gzip -dc",
            ".bz2" => "bzip2 -dc",
            _ => null,
        };
        if (unpack is null)
        {
            return path;
        }

        // Unpacked once, kept for later runs: named by the path and size so that a changed sample is unpacked anew.
        string folder = Path.Combine(Path.GetTempPath(), "imaged-samples");
        string key =
            Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(path + new FileInfo(path).Length)))[..16];
        string unpacked = Path.Combine(folder, key, Path.GetFileNameWithoutExtension(name));
        lock (Lock)
        {
            if (!File.Exists(unpacked))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(unpacked)!);
                string temporary = unpacked + "." + Environment.ProcessId;
                Tool.Shell($"{unpack} '{path}' > '{temporary}'");
                File.Move(temporary, unpacked, overwrite: true);
            }
        }

        return unpacked;
    }

    /// <summary>Opens a sample.</summary>
    public static BlockSource Open(string name) => FileSource.Open(Get(name));
}
