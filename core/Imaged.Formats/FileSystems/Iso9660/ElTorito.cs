using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using Imaged.Blocks;

namespace Imaged.Formats.Iso9660;

/// <summary>Describes the boot catalog (El Torito 1.0).</summary>
internal static class ElTorito
{
    private const int EntryLength = 32;

    // One sector of entries; the largest catalogs known have ten.
    private const int CatalogLength = 2048;

    private const byte Bootable = 0x88;
    private const byte NotBootable = 0x00;
    private const byte SectionHeader = 0x90;
    private const byte LastSectionHeader = 0x91;
    private const byte Extension = 0x44;

    /// <summary>Adds a line for each image that the catalog names.</summary>
    public static void Describe(
        BlockSource volume,
        IsoDescriptors descriptors,
        Action<string, string?> add,
        ImmutableArray<string>.Builder warnings)
    {
        if (descriptors.BootCatalog == 0)
        {
            return;
        }

        byte[] catalog = new byte[CatalogLength];
        if (descriptors.BootCatalog > volume.Length - EntryLength * 2
            || volume.ReadUpTo(descriptors.BootCatalog, catalog) < EntryLength * 2
            || catalog[0] != 1 || catalog[30] != 0x55 || catalog[31] != 0xAA)
        {
            warnings.Add("the boot catalog is damaged");
            return;
        }

        int sum = 0;
        for (int i = 0; i < EntryLength; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16LittleEndian(catalog.AsSpan(i));
        }

        if ((sum & 0xFFFF) != 0)
        {
            warnings.Add("the checksum of the boot catalog is wrong");
        }

        add("El Torito", DescribeImage(volume, catalog[1], catalog.AsSpan(EntryLength, EntryLength)));
        DescribeSections(volume, catalog, add);
    }

    private static void DescribeSections(BlockSource volume, byte[] catalog, Action<string, string?> add)
    {
        int at = EntryLength * 2;
        bool isLast = false;
        while (!isLast && at <= CatalogLength - EntryLength && catalog[at] is SectionHeader or LastSectionHeader)
        {
            isLast = catalog[at] == LastSectionHeader;
            byte platform = catalog[at + 1];

            // Some writers leave the count at 0 where there is one.
            int count = Math.Max((int)BinaryPrimitives.ReadUInt16LittleEndian(catalog.AsSpan(at + 2)), 1);
            at += EntryLength;
            for (int i = 0; i < count && at <= CatalogLength - EntryLength; i++)
            {
                ReadOnlySpan<byte> entry = catalog.AsSpan(at, EntryLength);
                if (entry[0] is not (Bootable or NotBootable) || !entry.ContainsAnyExcept((byte)0))
                {
                    break;
                }

                add("El Torito", DescribeImage(volume, platform, entry));
                at += EntryLength;
                while (at <= CatalogLength - EntryLength && catalog[at] == Extension)
                {
                    at += EntryLength;
                }
            }
        }
    }

    private static string DescribeImage(BlockSource volume, byte platform, ReadOnlySpan<byte> entry)
    {
        int media = entry[1] & 0x0F;
        int sectors = BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]);
        uint block = BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]);
        string system = platform switch
        {
            0x00 => "BIOS",
            0x01 => "PowerPC",
            0x02 => "Mac",
            0xEF => "EFI",
            _ => $"platform 0x{platform:x2}",
        };
        string emulation = media switch
        {
            0 => "no emulation",
            1 => "1.2 MB floppy",
            2 => "1.44 MB floppy",
            3 => "2.88 MB floppy",
            4 => "hard disk",
            _ => $"media type {media}",
        };
        string state = entry[0] == Bootable ? string.Empty : ", not bootable";
        long size = FindSize(volume, media, block, sectors);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{system}, {emulation}, LBA {block}, {size} bytes, loads {sectors} sectors{state}");
    }

    // The count of sectors is what the BIOS loads at first; how long the image is follows from what is in it.
    private static long FindSize(BlockSource volume, int media, uint block, int sectors)
    {
        const int SectorSize = 512;
        long loaded = (long)sectors * SectorSize;
        byte[] head = new byte[SectorSize];
        long offset = (long)block * IsoDescriptors.Length;
        if (media is >= 1 and <= 3)
        {
            return media switch { 1 => 1_228_800, 2 => 1_474_560, _ => 2_949_120 };
        }

        if (offset > volume.Length - SectorSize || volume.ReadUpTo(offset, head) < SectorSize
            || head[510] != 0x55 || head[511] != 0xAA)
        {
            return loaded;
        }

        if (media == 4)
        {
            long end = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(454))
                + (long)BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(458));
            return Math.Max(end * SectorSize, loaded);
        }

        // A FAT file system, as EFI wants it, has its number of sectors in 16 or 32 bits.
        bool isFat = head[0] is 0xEB or 0xE9 && BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(11)) == SectorSize;
        long total = BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(19));
        total = total != 0 ? total : BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(32));
        return isFat ? Math.Max(total * SectorSize, loaded) : loaded;
    }
}
