namespace Imaged.Cli.Hosting;

/// <summary>A key that a machine shows itself by to those who log in.</summary>
/// <param name="Private">The file of the private half.</param>
/// <param name="Public">The file of the public half.</param>
internal sealed record SshKey(byte[] Private, byte[] Public)
{
    private const string Begin = "ssh_host_";
    private const string End = "_key";

    private static readonly HostTool Tool = new("ssh-keygen", "openssh-client");
    private static readonly string[] Types = ["rsa", "ecdsa", "ed25519"];

    /// <summary>Whether sshd keeps the private half of such a key in a file of this name.</summary>
    public static bool IsPrivateName(string name) => name.Length > Begin.Length + End.Length
        && name.StartsWith(Begin, StringComparison.Ordinal) && name.EndsWith(End, StringComparison.Ordinal);

    /// <summary>Makes a key.</summary>
    /// <param name="name">Name of the file that it is for, which tells its type.</param>
    /// <returns>Null when there is no program for it here, or it knows no such keys.</returns>
    public static SshKey? TryMake(string name)
    {
        string type = name[Begin.Length..^End.Length];
        if (Tool.Path is null || !Types.Contains(type))
        {
            return null;
        }

        // In memory: a key that stood on this machine's disk would be there for long.
        string folder = Path.Combine(
            "/run", FormattableString.Invariant($"imagectl-{Environment.ProcessId}-{Environment.TickCount64}"));
        using IDisposable interrupt = Interrupts.Add(() => Remove(folder));
        try
        {
            Directory.CreateDirectory(
                folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            string file = Path.Combine(folder, "key");
            Tool.Run(["-q", "-t", type, "-N", string.Empty, "-C", string.Empty, "-f", file]);
            return new(File.ReadAllBytes(file), File.ReadAllBytes(file + ".pub"));
        }
        finally
        {
            Remove(folder);
        }
    }

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
