using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using SharpFuzz;

namespace Imaged.Fuzz;

/// <summary>Rewrites the libraries beside this program so that they count the edges they run through. Done before they
/// are loaded, in the parent of the process that uses them.</summary>
internal static class Instrumentation
{
    private static readonly string[] Libraries =
        ["Imaged.Formats", "Imaged.Blocks", "Imaged.Backup", "Imaged.Fuse", "Imaged.Ipc"];

    /// <summary>Whether the libraries are rewritten.</summary>
    public static bool Ready => Libraries.All(name => IsInstrumented(PathOf(name)));

    /// <summary>Rewrites what is not yet rewritten.</summary>
    public static void Prepare()
    {
        foreach (string path in Libraries.Select(PathOf).Where(path => !IsInstrumented(path)))
        {
            _ = Fuzzer.Instrument(path, static _ => true, Options.Value).Count();
        }
    }

    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, name + ".dll");

    private static bool IsInstrumented(string path)
    {
        using PEReader file = new(File.OpenRead(path));
        MetadataReader metadata = file.GetMetadataReader();
        return metadata.AssemblyReferences.Any(reference =>
            metadata.GetString(metadata.GetAssemblyReference(reference).Name) == "SharpFuzz.Common")
            || metadata.TypeDefinitions.All(type =>
                metadata.GetTypeDefinition(type).Attributes.HasFlag(TypeAttributes.Interface)
                || metadata.GetTypeDefinition(type).GetMethods().Count == 0);
    }
}
