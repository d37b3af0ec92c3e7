using System.Buffers.Binary;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.SquashFs;

/// <summary>SquashFS 4.0; older versions are only recognised.</summary>
internal sealed class SquashFsFileSystem : IFileSystem
{
    public const string Id = "squashfs";

    private const int OldLength = 71;

    public static Model.FileSystemInfo Info { get; } = new(Id, "SquashFS 4.0", CanRead: true);

    public static VolumeInfo? Probe(BlockSource volume) =>
        SquashFsSuperblock.Read(volume) is { } superblock ? Describe(superblock, volume) : ProbeOld(volume);

    public static FileTree Open(BlockSource volume, FileTreeOptions options)
    {
        SquashFsSuperblock? superblock = SquashFsSuperblock.Read(volume);
        if (superblock is null)
        {
            if (ProbeOld(volume) is { } old)
            {
                UnsupportedFeatureException.Throw(Id, $"version {old.Version}");
            }

            ImageFormatException.Throw(Id, 0, "there is no superblock");
        }

        SquashFsVolume opened = new(volume, superblock, options.Cache);
        try
        {
            return new SquashFsTree(opened, Describe(superblock, volume));
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    private static VolumeInfo Describe(SquashFsSuperblock superblock, BlockSource volume)
    {
        string created = DateTimeOffset.FromUnixTimeSeconds(superblock.Created)
            .ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        return new VolumeInfo(Id, Math.Max(0, superblock.BytesUsed))
        {
            Version = string.Create(CultureInfo.InvariantCulture, $"{superblock.Major}.{superblock.Minor}"),
            KernelType = "squashfs",
            Details =
            [
                new("Compression", superblock.Compression.ToString().ToLowerInvariant()),
                new("Block size", superblock.BlockSize.ToString(CultureInfo.InvariantCulture)),
                new("Created", created),
            ],
            Warnings = superblock.BytesUsed > volume.Length
                ? [$"the volume ends at byte {volume.Length}, the file system at byte {superblock.BytesUsed}"]
                : [],
        };
    }

    // Versions 1 to 3 came in both byte orders; the version is at the same place.
    private static VolumeInfo? ProbeOld(BlockSource volume)
    {
        if (volume.Length < OldLength)
        {
            return null;
        }

        Span<byte> raw = stackalloc byte[OldLength];
        volume.Read(0, raw);
        bool little = raw[..4].SequenceEqual("hsqs"u8);
        if (!little && !raw[..4].SequenceEqual("sqsh"u8))
        {
            return null;
        }

        int major = Read16(raw[28..], little);
        int minor = Read16(raw[30..], little);
        if (major is < 1 or > 3)
        {
            return null;
        }

        ulong length = major < 3 ? Read32(raw[8..], little) : Read64(raw[63..], little);
        return new VolumeInfo(Id, (long)Math.Min(length, long.MaxValue))
        {
            Version = string.Create(CultureInfo.InvariantCulture, $"{major}.{minor}"),
        };
    }

    private static ushort Read16(ReadOnlySpan<byte> raw, bool little) => little
        ? BinaryPrimitives.ReadUInt16LittleEndian(raw) : BinaryPrimitives.ReadUInt16BigEndian(raw);

    private static uint Read32(ReadOnlySpan<byte> raw, bool little) => little
        ? BinaryPrimitives.ReadUInt32LittleEndian(raw) : BinaryPrimitives.ReadUInt32BigEndian(raw);

    private static ulong Read64(ReadOnlySpan<byte> raw, bool little) => little
        ? BinaryPrimitives.ReadUInt64LittleEndian(raw) : BinaryPrimitives.ReadUInt64BigEndian(raw);
}
