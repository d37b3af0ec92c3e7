namespace Imaged.Formats.Partitions.Mbr;

/// <summary>What the type byte of an MBR entry stands for.</summary>
internal static class MbrTypes
{
    public static string Name(byte type) => type switch
    {
        0x00 => "empty",
        0x01 => "FAT12",
        0x04 or 0x06 or 0x0e => "FAT16",
        0x05 or 0x0f or 0x85 => "extended",
        0x07 => "NTFS, exFAT or HPFS",
        0x0b or 0x0c => "FAT32",
        0x11 => "hidden FAT12",
        0x14 or 0x16 or 0x1e => "hidden FAT16",
        0x17 => "hidden NTFS or hybrid ISO",
        0x1b or 0x1c => "hidden FAT32",
        0x12 => "service partition",
        0x27 => "Windows recovery",
        0x39 => "Plan 9",
        0x42 => "Windows dynamic disk",
        0x63 => "GNU Hurd or System V",
        0x82 => "Linux swap or Solaris",
        0x83 => "Linux",
        0x84 => "hibernation",
        0x8e => "Linux LVM",
        0xa5 => "FreeBSD",
        0xa6 => "OpenBSD",
        0xa8 => "Darwin UFS",
        0xa9 => "NetBSD",
        0xab => "Darwin boot",
        0xaf => "HFS or HFS+",
        0xbe => "Solaris boot",
        0xbf => "Solaris",
        0xcd => "hybrid ISO",
        0xda => "non-FS data",
        0xde => "Dell utility",
        0xea => "Linux extended boot",
        0xeb => "BeOS",
        0xee => "GPT protective",
        0xef => "EFI system",
        0xfb => "VMware VMFS",
        0xfc => "VMware swap",
        0xfd => "Linux RAID",
        _ => "unknown",
    };
}
