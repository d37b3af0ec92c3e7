using System.Diagnostics;
using Imaged.Blocks;
using Imaged.TestKit;

namespace Imaged.Fuzz;

/// <summary>Inputs that a parser fell over: kept for ever, replayed by the unit tests.</summary>
public static class CrashStore
{
    /// <summary>Their folder; one folder per target in it.</summary>
    public static string Root { get; } = Path.Combine(TreeSamples.Root, "crashes");

    /// <summary>Paths of what is kept for a target.</summary>
    public static IEnumerable<string> Files(string target)
    {
        string folder = Path.Combine(Root, target);
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Order() : [];
    }

    /// <summary>The bytes of a kept input.</summary>
    public static byte[] Load(string path) =>
        path.EndsWith(".xz", StringComparison.Ordinal) ? Tool.Run("xz", "-dc", path).Output : File.ReadAllBytes(path);

    /// <summary>Feeds bytes to a target.</summary>
    /// <returns>Null when it did as it should, else what it did.</returns>
    public static string? Describe(FuzzTarget target, byte[] bytes)
    {
        try
        {
            using MemorySource source = new(bytes);
            target.Run(source);
            return null;
        }
        catch (Exception error)
        {
            return error.ToString();
        }
    }

    /// <summary>Keeps an input, unless one with the same key is there.</summary>
    /// <returns>Its path, or null.</returns>
    internal static string? Save(string target, string key, FuzzInput input)
    {
        string folder = Directory.CreateDirectory(Path.Combine(Root, target)).FullName;
        string path = Path.Combine(folder, key);
        if (File.Exists(path + ".xz"))
        {
            return null;
        }

        File.WriteAllBytes(path, input.Render());
        _ = Tool.Run("xz", "-9e", "-f", path);
        return path + ".xz";
    }

    /// <summary>Same for errors of the same kind from the same place.</summary>
    internal static string Key(Exception error)
    {
        // The first frame of the code under test.
        string? place = new StackTrace(error).GetFrames()
            .Select(frame => frame.GetMethod()?.DeclaringType is { } type ? (type, frame.GetMethod()!.Name) : default)
            .Where(frame => frame.type?.FullName is { } name && name.StartsWith("Imaged.", StringComparison.Ordinal)
                && !name.StartsWith("Imaged.Fuzz.", StringComparison.Ordinal)
                && !name.StartsWith("Imaged.Blocks.BlockSource", StringComparison.Ordinal)
                && !name.StartsWith("Imaged.TestKit.", StringComparison.Ordinal))
            .Select(frame => $"{frame.type.Name}-{frame.Name}").FirstOrDefault();
        string key = $"{error.GetType().Name}-{place ?? "target"}";
        return string.Concat(key.Select(c => char.IsLetterOrDigit(c) || c == '-' ? c : '_'));
    }
}
