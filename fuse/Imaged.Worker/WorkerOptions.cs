using System.Globalization;

namespace Imaged.Worker;

/// <summary>How a worker is started; by a program, so that errors need no kind words.</summary>
/// <param name="Confined">The process has taken its rights away already.</param>
/// <param name="Uid">User to become; null to stay.</param>
/// <param name="Gid">Group to become.</param>
/// <param name="Groups">Supplementary groups to have.</param>
/// <param name="HasDirectory">Descriptor 4 is the image's directory.</param>
/// <param name="HasDestination">Descriptor 5 is the directory to copy into.</param>
/// <param name="HasListener">Descriptor 6 is a socket on which a new daemon connects.</param>
/// <param name="HasCache">Descriptor 7 is the directory for indexes and spools.</param>
/// <param name="HeapLimit">Managed memory, as the runtime takes it: hexadecimal bytes.</param>
internal sealed record WorkerOptions(
    bool Confined, uint? Uid, uint Gid, IReadOnlyList<uint> Groups,
    bool HasDirectory, bool HasDestination, bool HasListener, bool HasCache, string HeapLimit)
{
    /// <summary>Control socket.</summary>
    public const int ControlDescriptor = 3;

    /// <summary>The image's directory.</summary>
    public const int DirectoryDescriptor = 4;

    /// <summary>The directory to copy into.</summary>
    public const int DestinationDescriptor = 5;

    /// <summary>Where a new daemon connects.</summary>
    public const int ListenerDescriptor = 6;

    /// <summary>Where indexes are kept and spools are made.</summary>
    public const int CacheDescriptor = 7;

    private const string DefaultHeapLimit = "10000000"; // 256 MiB

    /// <summary>Reads the arguments; null when they make no sense.</summary>
    public static WorkerOptions? Parse(IReadOnlyList<string> arguments)
    {
        WorkerOptions options = new(false, null, 0, [], false, false, false, false, DefaultHeapLimit);
        for (int i = 0; i < arguments.Count; i++)
        {
            switch (arguments[i])
            {
                case "--confined":
                    options = options with { Confined = true };
                    break;
                case "--dir":
                    options = options with { HasDirectory = true };
                    break;
                case "--dest":
                    options = options with { HasDestination = true };
                    break;
                case "--listener":
                    options = options with { HasListener = true };
                    break;
                case "--cache":
                    options = options with { HasCache = true };
                    break;
                case "--heap" when i + 1 < arguments.Count && IsHexadecimal(arguments[i + 1]):
                    options = options with { HeapLimit = arguments[++i] };
                    break;
                case "--uid" when i + 1 < arguments.Count && TryNumber(arguments[i + 1], out uint uid):
                    options = options with { Uid = uid };
                    i++;
                    break;
                case "--gid" when i + 1 < arguments.Count && TryNumber(arguments[i + 1], out uint gid):
                    options = options with { Gid = gid };
                    i++;
                    break;
                case "--groups" when i + 1 < arguments.Count:
                    uint[]? groups = ParseGroups(arguments[++i]);
                    if (groups is null)
                    {
                        return null;
                    }

                    options = options with { Groups = groups };
                    break;
                default:
                    return null;
            }
        }

        return options;
    }

    private static bool IsHexadecimal(string text) =>
        long.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long limit) && limit > 0;

    private static uint[]? ParseGroups(string list)
    {
        List<uint> groups = [];
        foreach (string text in list.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!TryNumber(text, out uint group))
            {
                return null;
            }

            groups.Add(group);
        }

        return [.. groups];
    }

    private static bool TryNumber(string text, out uint number) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
