using Imaged.Blocks;
using Imaged.Formats.Iso9660;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;

namespace Imaged.Conformance.Iso9660;

/// <summary>Images made by the usual programs of a folder that holds everything.</summary>
internal static class IsoImage
{
    /// <summary>Fills the folder <c>source</c> and makes <c>image</c> of it.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="command">The program with its options; <c>image</c> and <c>source</c> are in its folder.</param>
    public static string Make(TemporaryFolder folder, string command)
    {
        Requires.Root();
        Requires.Tool(command.Split(' ')[0]);
        string script = Path.Combine(Samples.Tree, "tests", "conformance", "Iso9660", "populate.sh");
        Tool.Shell($$"""
            mkdir '{{folder["source"]}}'
            cd '{{folder["source"]}}'
            TOOL={{command.Split(' ')[0]}}
            . '{{script}}'
            cd ..
            {{command}} > make.log 2>&1
            """);
        return folder["image"];
    }

    /// <summary>Opens the tree of an image.</summary>
    public static FileTree Open(BlockSource volume, string? extensions = null, int? session = null) =>
        Iso9660FileSystem.Open(
            volume, new FileTreeOptions(new BlockCache(4 << 20)) { Extensions = extensions, Session = session });

    /// <summary>Opens the volume.</summary>
    public static FileSource OpenVolume(string path) => FileSource.Open(path);
}
