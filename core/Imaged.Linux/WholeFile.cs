namespace Imaged.Linux;

/// <summary>Files of which others see the old or the new content, never a part.</summary>
public static class WholeFile
{
    /// <summary>Replaces the content of a file, or makes it. After a power cut either may be there.</summary>
    /// <param name="path">The file; beside it <c>.new</c> is used.</param>
    /// <param name="content">What it is to hold.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Write(string path, byte[] content)
    {
        string next = path + ".new";
        File.WriteAllBytes(next, content);
        File.Move(next, path, overwrite: true);
    }
}
