namespace Imaged.Daemon.Journal;

/// <summary>The ids by which the journal's catalogue explains messages (systemd/catalog/imaged.catalog).</summary>
internal static class MessageIds
{
    private static readonly Dictionary<int, string> Known = new()
    {
        [2] = "54af644e19f645a182f7053ec2e4a1f8",
        [3] = "429dcf62f05e48fabb8a0cab3ff1a491",
        [4] = "f543752d046c4a658d60fe9143e2c367",
        [5] = "0b75072def934b1eb0cddbf9bdb35606",
        [6] = "488b091ed92c4a129af5ff2f6b4fbda4",
        [10] = "017e982b17014be0911f7ab516b7680a",
        [11] = "09f2ac69aa4d4e1d916773b24eaa293c",
        [12] = "c41692ef306a4cada464825a7072013f",
        [13] = "9e9a1ec5e71a402d809dde0b82f48cf0",
        [20] = "ad4aba82912d473a8cf8b67c7ce6d122",
        [21] = "b7ebbfbd2ed24470814a8d7a951afbf8",
        [22] = "50ee34d39bb64e0a881c63c411cdd87e",
        [23] = "a574057591fb430e808986bed111cd03",
        [24] = "baa336ea31134ea496488f18c01aa0f6",
        [30] = "425bfff28d37468fa3ff440ea51ceea7",
    };

    /// <summary>All ids by the number of the message in <see cref="DaemonLog"/>.</summary>
    public static IReadOnlyDictionary<int, string> All => Known;
}
