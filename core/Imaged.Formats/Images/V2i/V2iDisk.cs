using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;
using Imaged.Formats.Partitions.Mbr;

namespace Imaged.Formats.Images.V2i;

/// <summary>The disk of a list of volumes: each volume in its place, and a boot record that says where they are. All
/// else was not saved, and is zero.</summary>
internal static class V2iDisk
{
    private const int SectorLength = V2iMap.SectorLength;

    // Of volumes whose file system has no type of its own.
    private const byte DefaultType = 0x07;
    private const byte FatType = 0x0c;
    private const byte LinuxType = 0x83;

    /// <summary>Opens the volumes beside a list.</summary>
    /// <exception cref="ImageFormatException">One is missing or wrong, or two overlap.</exception>
    public static DiskImage Open(ImageOpener opener)
    {
        List<DiskImage> volumes = [];
        try
        {
            byte[] record = new byte[SectorLength];
            List<BlockSource> parts = [new MemorySource(record)];
            List<KeyValuePair<string, string>> details = [];
            long end = SectorLength;
            foreach ((string name, long first) in V2iSet.Read(opener.Content))
            {
                long offset = first * SectorLength;
                if (offset < end)
                {
                    V2iFormat.Throw(0, $"the volume of '{name}' begins before the end of the one before it");
                }

                DiskImage volume = OpenVolume(opener, name);
                volumes.Add(volume);
                parts.Add(new ZeroSource(offset - end));
                parts.Add(volume.Content);
                end = offset + volume.Content.Length;
                details.Add(new($"Volume {volumes.Count}", name));
                WriteEntry(record, volumes.Count - 1, first, volume.Content);
            }

            record[510] = 0x55;
            record[511] = 0xaa;
            return new DiskImage(V2iFormat.Info, new ConcatSource(
                [.. parts.Where(part => part.Length > 0)], ownsParts: false))
            {
                Details = [.. details],
                Warnings =
                [
                    "the disk is put together: only its volumes were saved, and the boot record was made for them",
                    .. volumes.SelectMany(volume => volume.Warnings),
                ],
                Verify = check => volumes.ForEach(volume => volume.Verify?.Invoke(check)),
                Owned = [.. volumes],
            };
        }
        catch
        {
            volumes.ForEach(volume => volume.Dispose());
            throw;
        }
    }

    private static DiskImage OpenVolume(ImageOpener opener, string name)
    {
        BlockSource file = BackingFile.OpenSibling(opener, V2iFormat.Info.Id, name, "volume");
        if (V2iSet.IsIn(ProbeWindow.Read(file, name).Head))
        {
            V2iFormat.Throw(0, $"the list names '{name}' as a volume, which is a list");
        }

        return V2iFormat.Open(opener with { Content = file, FileName = name });
    }

    private static void WriteEntry(byte[] record, int index, long first, BlockSource volume)
    {
        long count = volume.Length / SectorLength;
        if (first + count > uint.MaxValue)
        {
            V2iFormat.Throw(0, $"a volume of {count} sectors ends behind the last one that a boot record can tell");
        }

        Span<byte> entry = record.AsSpan(MbrEntry.TableOffset + (index * MbrEntry.Size), MbrEntry.Size);
        entry[4] = TypeOf(volume);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], (uint)first);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], (uint)count);
    }

    private static byte TypeOf(BlockSource volume) =>
        FileSystems.Probe(volume) is [{ FileSystem: var id }, ..]
            ? id switch
            {
                "fat" => FatType,
                "ext" => LinuxType,
                _ => DefaultType,
            }
            : DefaultType;
}
