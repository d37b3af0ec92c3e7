using System.Globalization;

namespace Imaged.Formats.Signatures;

/// <summary>What imaged recognises but leaves to the kernel, or can only name. Offsets are from the kernel's and
/// util-linux's headers; labels and UUIDs are printed as <c>blkid</c> does.</summary>
internal static class VolumeSignatures
{
    // bcachefs began with the magic number of bcache, and goes on from its version numbers.
    private const int MaxBcacheVersion = 6;

    public static readonly IReadOnlyList<VolumeSignature> All =
    [
        // Containers: what is inside needs a key, other volumes, or the kernel's device mapper.
        new("crypto_LUKS", "LUKS encrypted volume", null)
        {
            Magics = [new(0, 0, [.. "LUKS"u8, 0xba, 0xbe])],
            Check = r => r.BigU16(6) is 1 or 2,
            Version = r => Number(r.BigU16(6)),
            Label = r => r.BigU16(6) == 2 ? r.Text(24, 48) : null,
            Uuid = r => r.Text(168, 40),
        },
        new("BitLocker", "BitLocker encrypted volume", null)
        {
            Magics = [new(0, 3, "-FVE-FS-"u8), new(0, 424, BitLockerId)],
        },
        new("LVM2_member", "LVM physical volume", null)
        {
            Magics =
            [
                new(0, 0, "LABELONE"u8), new(512, 0, "LABELONE"u8),
                new(1024, 0, "LABELONE"u8), new(1536, 0, "LABELONE"u8),
            ],
            Check = r => r.Has(24, "LVM2 001"u8) && r.U32(20) is >= 32 and <= 480,
            Version = r => "LVM2 001",
            Uuid = r => LvmUuid(r.Text(r.U32(20), 32)),
            Length = r => (long)Math.Min(r.U64(r.U32(20) + 32), long.MaxValue),
        },
        new("linux_raid_member", "Linux RAID member", null)
        {
            Find = LinuxRaid.Find,
            Version = LinuxRaid.Version,
            Label = LinuxRaid.Label,
            Uuid = LinuxRaid.Uuid,
        },
        new("zfs_member", "ZFS pool member", null)
        {
            Find = ZfsLabel.Find,
            Label = ZfsLabel.PoolName,
            Uuid = ZfsLabel.PoolId,
        },
        new("bcache", "bcache device", null)
        {
            Magics = [new(4096, 24, BcacheId)],
            Check = r => r.U64(16) <= MaxBcacheVersion,
            Uuid = r => r.Uuid(40),
        },
        new("swap", "Linux swap area", null)
        {
            Magics =
            [
                .. PageSizes.Select(size => new Magic(0, size - 10, "SWAPSPACE2"u8)),
                .. PageSizes.Select(size => new Magic(0, size - 10, "SWAP-SPACE"u8)),
            ],
            Check = r => !r.Has(0, TuxOnIceId),
            Version = r => SwapVersion(r) ? "1" : "0",
            Label = r => SwapVersion(r) ? r.Text(1052, 16) : null,
            Uuid = r => SwapVersion(r) ? r.Uuid(1036) : null,
        },
        new("swsuspend", "hibernation image", null)
        {
            Magics =
            [
                .. PageSizes.Select(size => new Magic(0, size - 10, "S1SUSPEND"u8)),
                .. PageSizes.Select(size => new Magic(0, size - 10, "S2SUSPEND"u8)),
                .. PageSizes.Select(size => new Magic(0, size - 10, "ULSUSPEND"u8)),
            ],
            Label = r => r.Text(1052, 16),
            Uuid = r => r.Uuid(1036),
        },

        // File systems with a driver in the kernel.
        new("xfs", "XFS", "xfs")
        {
            Magics = [new(0, 0, "XFSB"u8)],
            Check = r => r.BigU32(4) is >= 512 and <= 65536,
            Label = r => r.Text(108, 12),
            Uuid = r => r.Uuid(32),
            Length = r => SignatureReader.Product(r.BigU64(8), r.BigU32(4)),
        },
        new("btrfs", "Btrfs", "btrfs")
        {
            Magics = [new(65536, 64, "_BHRfS_M"u8)],
            Label = r => r.Text(299, 256),
            Uuid = r => r.Uuid(32),
            Length = r => (long)Math.Min(r.U64(112), long.MaxValue),
        },
        new("bcachefs", "bcachefs", "bcachefs")
        {
            Magics = [new(4096, 24, BcachefsId), new(4096, 24, BcacheId)],
            Check = r => r.U16(16) > MaxBcacheVersion,
            Label = r => r.Text(72, 32),
            Uuid = r => r.Uuid(56),
        },
        new("erofs", "EROFS", "erofs")
        {
            Magics = [new(1024, 0, [0xe2, 0xe1, 0xf5, 0xe0])],
            Label = r => r.Text(64, 16),
            Uuid = r => r.Uuid(48),
            Length = r => SignatureReader.Product(r.U32(36), 1ul << Math.Min((int)r.U8(12), 16)),
        },
        new("f2fs", "F2FS", "f2fs")
        {
            Magics = [new(1024, 0, [0x10, 0x20, 0xf5, 0xf2])],
            Version = r => $"{Number(r.U16(4))}.{Number(r.U16(6))}",
            Label = r => r.Text16(124, 512),
            Uuid = r => r.Uuid(108),
            Length = r => SignatureReader.Product(r.U64(36), 1ul << (int)Math.Min(r.U32(16), 16)),
        },
        new("jfs", "JFS", "jfs")
        {
            Magics = [new(32768, 0, "JFS1"u8)],
            Check = r => r.U32(16) is >= 512 and <= 65536,
            Label = r => r.Text(152, 16),
            Uuid = r => r.Uuid(136),
            Length = r => SignatureReader.Product(r.U64(8), r.U32(24)),
        },
        new("reiserfs", "ReiserFS", "reiserfs")
        {
            Magics =
            [
                new(65536, 52, "ReIsErFs"u8), new(65536, 52, "ReIsEr2Fs"u8), new(65536, 52, "ReIsEr3Fs"u8),
                new(8192, 52, "ReIsErFs"u8), new(8192, 52, "ReIsEr2Fs"u8),
            ],
            Version = r => r.U8(58) switch { (byte)'2' => "3.6", (byte)'3' => "JR", _ => "3.5" },
            Label = r => r.Text(100, 16),
            Uuid = r => r.Uuid(84),
            Length = r => SignatureReader.Product(r.U32(0), r.U16(44)),
        },
        new("nilfs2", "NILFS2", "nilfs2")
        {
            Magics = [new(1024, 6, [0x34, 0x34])],
            Check = r => r.U32(0) == 2 && r.U16(8) is >= 256 and <= 1024,
            Version = r => Number(r.U32(0)),
            Label = r => r.Text(168, 80),
            Uuid = r => r.Uuid(152),
            Length = r => (long)Math.Min(r.U64(32), long.MaxValue),
        },
        new("ocfs2", "OCFS2", "ocfs2")
        {
            Magics =
            [
                new(1024, 0, "OCFSV2"u8), new(2048, 0, "OCFSV2"u8), new(4096, 0, "OCFSV2"u8), new(8192, 0, "OCFSV2"u8),
            ],
            Version = r => $"{Number(r.U16(192))}.{Number(r.U16(194))}",
            Label = r => r.Text(272, 64),
            Uuid = r => r.Uuid(336),
        },
        new("gfs2", "GFS2", "gfs2")
        {
            Magics = [new(65536, 0, [0x01, 0x16, 0x19, 0x70])],
            Check = r => r.BigU32(24) is >= 1800 and < 1900 && r.BigU32(28) is >= 1900 and < 2000,
            Version = r => "1",
            Label = r => r.Text(160, 64),
            Uuid = r => r.Uuid(256),
        },
        new("ufs", "UFS", "ufs")
        {
            Find = UfsVolume.Find,
            Version = UfsVolume.Version,
            Label = UfsVolume.Label,
            Uuid = UfsVolume.Uuid,
        },
        new("hpfs", "HPFS", "hpfs")
        {
            Magics = [new(0, 8192, [0x49, 0xe8, 0x95, 0xf9, 0xc5, 0xe9, 0x53, 0xfa])],
            Check = r => r.Has(8704, [0x49, 0x18, 0x91, 0xf9]),
            Version = r => Number(r.U8(8200)),
            Label = r => r.U8(38) == 0x28 ? r.Text(43, 11) : null,
            Uuid = r => r.U8(38) == 0x28 ? Serial(r.U32(39)) : null,
        },
        new("cramfs", "cramfs", "cramfs")
        {
            Magics = [new(0, 0, [0x45, 0x3d, 0xcd, 0x28]), new(0, 0, [0x28, 0xcd, 0x3d, 0x45])],
            Check = r => r.Has(16, "Compressed ROMFS"u8),
            Label = r => r.Text(48, 16),
            Length = r => r.Has(0, [0x45]) ? r.U32(4) : r.BigU32(4),
        },
        new("romfs", "romfs", "romfs")
        {
            Magics = [new(0, 0, "-rom1fs-"u8)],
            Label = r => r.Text(16, 128),
            Length = r => r.BigU32(8),
        },
        new("bfs", "SCO BFS", "bfs") { Magics = [new(0, 0, [0xce, 0xfa, 0xad, 0x1b])] },
        new("vxfs", "VxFS", "vxfs")
        {
            Magics = [new(1024, 0, [0xf5, 0xfc, 0x01, 0xa5])],
            Version = r => Number(r.U32(4)),
        },

        // File systems without one.
        new("mfs", "MFS", null)
        {
            Magics = [new(1024, 0, [0xd2, 0xd7])],
            Check = r => r.BigU32(20) is >= 512 and <= 0x10000 && r.BigU32(20) % 512 == 0
                && r.BigU16(14) is >= 4 and < 64 && r.BigU16(16) is >= 1 and < 64 && r.U8(36) is >= 1 and <= 27,
            Label = r => r.Text(37, r.U8(36)),
            Length = r => SignatureReader.Product(r.BigU16(18), r.BigU32(20)),
        },
        new("refs", "ReFS", null) { Magics = [new(0, 0, [0, 0, 0, .. "ReFS"u8, 0])] },
        new("reiser4", "Reiser4", null)
        {
            Magics = [new(65536, 0, "ReIsEr4"u8)],
            Version = r => "4",
            Label = r => r.Text(36, 16),
            Uuid = r => r.Uuid(20),
        },
    ];

    private static ReadOnlySpan<byte> BitLockerId =>
        [0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a, 0x83, 0x99, 0xf6, 0xa3, 0x39, 0xe3, 0xd0, 0x01];

    private static ReadOnlySpan<byte> BcacheId =>
        [0xc6, 0x85, 0x73, 0xf6, 0x4e, 0x1a, 0x45, 0xca, 0x82, 0x65, 0xf5, 0x7f, 0x48, 0xba, 0x6d, 0x81];

    private static ReadOnlySpan<byte> BcachefsId =>
        [0xc6, 0x85, 0x73, 0xf6, 0x66, 0xce, 0x90, 0xa9, 0xd9, 0x6a, 0x60, 0xcf, 0x80, 0x3d, 0xf7, 0xef];

    // A hibernation image over the swap area.
    private static ReadOnlySpan<byte> TuxOnIceId => [0xed, 0xc3, 0x02, 0xe9, 0x98, 0x56, 0xe5, 0x0c];

    // The magic number of swap stands at the end of the first page, whatever that machine's pages were.
    private static int[] PageSizes => [4096, 8192, 16384, 32768, 65536];

    private static bool SwapVersion(SignatureReader reader) => reader.U32(1024) is 1 or 0x0100_0000;

    private static string Number(uint number) => number.ToString(CultureInfo.InvariantCulture);

    private static string? Serial(uint serial) => serial == 0
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"{serial >> 16:X4}-{serial & 0xffff:X4}");

    // 32 characters in groups of 6, 4, 4, 4, 4, 4, 6.
    private static string? LvmUuid(string? id) => id is not { Length: 32 }
        ? null
        : $"{id[..6]}-{id[6..10]}-{id[10..14]}-{id[14..18]}-{id[18..22]}-{id[22..26]}-{id[26..]}";
}
