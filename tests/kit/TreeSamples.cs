namespace Imaged.TestKit;

/// <summary>The small images that <c>tests/samples/make.sh</c> made; they are part of this tree.</summary>
public static class TreeSamples
{
    /// <summary>Their folder.</summary>
    public static string Root { get; } = Path.Combine(Samples.Tree, "tests", "samples");

    /// <summary>A name per image, as to <see cref="Read"/>.</summary>
    public static IEnumerable<string> Names() =>
        Directory.EnumerateFiles(Root).Where(path => path.EndsWith(".xz", StringComparison.Ordinal)
            || path.EndsWith(".iso", StringComparison.Ordinal)).Select(path => Path.GetFileName(path)!).Order();

    /// <summary>The bytes of an image, unpacked.</summary>
    /// <param name="name">File name with its <c>.xz</c>, if it has one.</param>
    public static byte[] Read(string name)
    {
        string path = Path.Combine(Root, name);
        return name.EndsWith(".xz", StringComparison.Ordinal)
            ? Tool.Run("xz", "-dc", path).Output
            : File.ReadAllBytes(path);
    }

    /// <summary>Writes an image, unpacked, into <paramref name="folder"/>.</summary>
    /// <returns>Path of the file.</returns>
    public static string Unpack(string name, string folder)
    {
        string path = Path.Combine(folder, name.EndsWith(".xz", StringComparison.Ordinal) ? name[..^3] : name);
        File.WriteAllBytes(path, Read(name));
        return path;
    }
}
