using Imaged.Backup;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Fuzz;

/// <summary>The reader of backups' manifests. Its digest in the container would keep all damage out, so that it is fed
/// the text alone, too.</summary>
internal static class BackupTarget
{
    private const int MaxLength = 1 << 20;

    /// <summary>Manifests, and containers.</summary>
    public static FuzzTarget Manifest { get; } = new("backup", _ => false, Read)
    {
        Seeds =
        [
            """{"version":1,"length":300000,"chunkSize":262144,"digest":"","chunks":[{"first":1,"sha256":"AAEC"}]}"""u8
                .ToArray(),
            """
            {"version":1,"tool":"imaged","started":"2026-01-01T00:00:00+00:00","source":{"name":"/dev/sda"},
            "length":65536,"chunkSize":65536,
            "digest":"66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925",
            "parent":{"name":"a","digest":"00"},"partitionTable":{"type":"gpt","partitions":[{"number":1}]},
            "volumes":[{"offset":0,"length":1,"fileSystem":"ext"}],"lost":[{"offset":1,"length":2}],"chunks":[]}
            """u8.ToArray(),
        ],
    };

    private static void Read(BlockSource source)
    {
        try
        {
            BackupFile.Read(source);
            BackupFile.Parse(source.ReadBytes(0, (int)Math.Min(source.Length, MaxLength)), 0);
        }
        catch (Exception error) when (error is ImageFormatException or UnsupportedFeatureException)
        {
            // As it should be.
        }
    }
}
