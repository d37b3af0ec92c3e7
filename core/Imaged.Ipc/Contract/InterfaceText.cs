namespace Imaged.Ipc.Contract;

/// <summary>The embedded <c>.varlink</c> files.</summary>
internal static class InterfaceText
{
    public static string Read(string name)
    {
        string resource = name + ".varlink";
        using Stream stream = typeof(InterfaceText).Assembly.GetManifestResourceStream(resource)
            ?? throw new FileNotFoundException("not embedded", resource);
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
