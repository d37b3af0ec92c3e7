using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Vhdx;

/// <summary>What a VHDX says of its disk, checked (MS-VHDX 2.6).</summary>
/// <param name="BlockLength">Length of a payload block in bytes: a power of two from 1 MiB to 256 MiB.</param>
/// <param name="IsFixed">Whether all blocks stay allocated.</param>
/// <param name="HasParent">Whether it is a differencing disk.</param>
/// <param name="Length">Length of the disk in bytes.</param>
/// <param name="SectorLength">Logical sector size in bytes: 512 or 4096.</param>
/// <param name="DiskId">Identity of the disk.</param>
/// <param name="ParentLocator">Of a differencing disk: keys and values.</param>
internal sealed record VhdxMetadata(
    long BlockLength,
    bool IsFixed,
    bool HasParent,
    long Length,
    int SectorLength,
    Guid DiskId,
    IReadOnlyDictionary<string, string> ParentLocator)
{
    private const int TableLength = 64 << 10;
    private const int MaxItems = 2047;
    private const int EntryLength = 32;
    private const int MaxItemLength = 1 << 20;
    private const uint Required = 4;
    private const uint MaxBlock = 256 << 20;
    private const ulong MaxLength = 64ul << 40;
    private const int MaxLocators = 64;

    private static readonly Guid FileParameters = new("CAA16737-FA36-4D43-B3B6-33F0AA44E76B");
    private static readonly Guid VirtualSize = new("2FA54224-CD1B-4876-B211-5DBED83BF4B8");
    private static readonly Guid LogicalSector = new("8141BF1D-A96F-4709-BA47-F233A8FAAB5F");
    private static readonly Guid PhysicalSector = new("CDA348C7-445D-4471-9CC9-E9885251C556");
    private static readonly Guid VirtualDiskId = new("BECA12AB-B2E6-4523-93EF-C309E000C746");
    private static readonly Guid Parent = new("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C");
    private static readonly Guid VhdxParent = new("B04AEFB7-D19E-4A81-B789-25B8E9445913");

    /// <summary>Reads and checks the metadata.</summary>
    /// <exception cref="ImageFormatException">They are wrong.</exception>
    /// <exception cref="UnsupportedFeatureException">A required item is not known.</exception>
    public static VhdxMetadata Read(BlockSource file, VhdxRegions regions)
    {
        Dictionary<Guid, byte[]> items = ReadItems(file, regions);
        byte[] parameters = Item(items, FileParameters, 8, "file parameters");
        uint block = BinaryPrimitives.ReadUInt32LittleEndian(parameters);
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(parameters.AsSpan(4));
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(Item(items, VirtualSize, 8, "virtual disk size"));
        uint sector = BinaryPrimitives.ReadUInt32LittleEndian(Item(items, LogicalSector, 4, "logical sector size"));
        if (block is < VhdxFormat.Megabyte or > MaxBlock || !uint.IsPow2(block))
        {
            VhdxFormat.Throw(
                regions.MetadataOffset, $"the block size {block} is no power of two from 1 MiB to 256 MiB");
        }

        if (sector is not (512 or 4096))
        {
            VhdxFormat.Throw(regions.MetadataOffset, $"the logical sector size {sector} is not 512 or 4096");
        }

        if (length > MaxLength || length % sector != 0)
        {
            VhdxFormat.Throw(regions.MetadataOffset, $"the size {length} is no number of sectors up to 64 TiB");
        }

        bool hasParent = (flags & 2) != 0;
        return new(
            block,
            (flags & 1) != 0,
            hasParent,
            (long)length,
            (int)sector,
            items.TryGetValue(VirtualDiskId, out byte[]? id) && id.Length >= 16
                ? new Guid(id.AsSpan(0, 16))
                : Guid.Empty,
            hasParent
                ? ParseLocator(Item(items, Parent, 20, "parent locator"), regions)
                : new Dictionary<string, string>());
    }

    private static byte[] Item(Dictionary<Guid, byte[]> items, Guid id, int minLength, string name) =>
        items.TryGetValue(id, out byte[]? item) && item.Length >= minLength
            ? item
            : throw new ImageFormatException(VhdxFormat.Info.Id, 0, $"the metadata have no {name}");

    private static Dictionary<Guid, byte[]> ReadItems(BlockSource file, VhdxRegions regions)
    {
        if (regions.MetadataLength < TableLength)
        {
            VhdxFormat.Throw(regions.MetadataOffset, $"the metadata have {regions.MetadataLength} bytes only");
        }

        ReadOnlySpan<byte> table = file.ReadBytes(regions.MetadataOffset, TableLength);
        ushort count = BinaryPrimitives.ReadUInt16LittleEndian(table[10..]);
        if (!table.StartsWith("metadata"u8) || count > MaxItems)
        {
            VhdxFormat.Throw(regions.MetadataOffset, "there is no metadata table");
        }

        Dictionary<Guid, byte[]> items = [];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = table.Slice(32 + (i * EntryLength), EntryLength);
            Guid id = new(entry[..16]);
            uint offset = BinaryPrimitives.ReadUInt32LittleEndian(entry[16..]);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]);
            bool isKnown = id == FileParameters || id == VirtualSize || id == LogicalSector || id == PhysicalSector
                || id == VirtualDiskId || id == Parent;
            if (!isKnown)
            {
                if ((BinaryPrimitives.ReadUInt32LittleEndian(entry[24..]) & Required) != 0)
                {
                    throw new UnsupportedFeatureException(VhdxFormat.Info.Id, $"the metadata item {id}");
                }

                continue;
            }

            if (length > MaxItemLength || offset < TableLength || offset + (ulong)length > regions.MetadataLength
                || !items.TryAdd(id, file.ReadBytes(regions.MetadataOffset + offset, (int)length)))
            {
                VhdxFormat.Throw(
                    regions.MetadataOffset + 32 + (i * EntryLength),
                    $"the metadata item {id} is wrong, or there twice");
            }
        }

        return items;
    }

    private static Dictionary<string, string> ParseLocator(ReadOnlySpan<byte> raw, VhdxRegions regions)
    {
        Guid type = new(raw[..16]);
        if (type != VhdxParent)
        {
            throw new UnsupportedFeatureException(VhdxFormat.Info.Id, $"the parent locator type {type}");
        }

        ushort count = BinaryPrimitives.ReadUInt16LittleEndian(raw[18..]);
        if (count > MaxLocators || 20 + (count * 12) > raw.Length)
        {
            VhdxFormat.Throw(regions.MetadataOffset, $"the parent locator has {count} entries");
        }

        Dictionary<string, string> locator = new(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = raw.Slice(20 + (i * 12), 12);
            string? key = Text(raw, BinaryPrimitives.ReadUInt32LittleEndian(entry), entry[8..]);
            string? value = Text(raw, BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]), entry[10..]);
            if (key is null || value is null)
            {
                VhdxFormat.Throw(regions.MetadataOffset, "the parent locator points behind its end");
            }

            locator[key] = value;
        }

        return locator;
    }

    private static string? Text(ReadOnlySpan<byte> raw, uint offset, ReadOnlySpan<byte> lengthField)
    {
        ushort length = BinaryPrimitives.ReadUInt16LittleEndian(lengthField);
        return offset + (ulong)length <= (ulong)raw.Length
            ? Encoding.Unicode.GetString(raw.Slice((int)offset, length))
            : null;
    }
}
