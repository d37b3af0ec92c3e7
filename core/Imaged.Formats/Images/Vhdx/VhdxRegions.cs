using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Vhdx;

/// <summary>Where the two regions of a VHDX lie (MS-VHDX 2.2.3).</summary>
/// <param name="BatOffset">Byte offset of the block allocation table.</param>
/// <param name="BatLength">Its length in bytes.</param>
/// <param name="MetadataOffset">Byte offset of the metadata.</param>
/// <param name="MetadataLength">Their length in bytes.</param>
internal sealed record VhdxRegions(long BatOffset, uint BatLength, long MetadataOffset, uint MetadataLength)
{
    private const int Size = 64 << 10;
    private const int MaxEntries = 2047;
    private const int EntryLength = 32;
    private const uint Required = 1;

    private static readonly Guid Bat = new("2DC27766-F623-4200-9D64-115E9BFD4A08");
    private static readonly Guid Metadata = new("8B7CA206-4790-4B9A-B8FE-575F050F886E");

    /// <summary>Reads the table, or its copy when it is damaged.</summary>
    /// <exception cref="ImageFormatException">Both are damaged, or a region is missing.</exception>
    /// <exception cref="UnsupportedFeatureException">There is a required region that is not known.</exception>
    public static VhdxRegions Read(BlockSource file)
    {
        foreach (long offset in (ReadOnlySpan<long>)[192 << 10, 256 << 10])
        {
            if (offset > file.Length - Size)
            {
                continue;
            }

            ReadOnlySpan<byte> raw = file.ReadBytes(offset, Size);
            if (raw.StartsWith("regi"u8)
                && Crc32C.OfStructure(raw, 4) == BinaryPrimitives.ReadUInt32LittleEndian(raw[4..]))
            {
                return Parse(file, raw, offset);
            }
        }

        throw new ImageFormatException(VhdxFormat.Info.Id, 192 << 10, "neither region table is intact");
    }

    private static VhdxRegions Parse(BlockSource file, ReadOnlySpan<byte> raw, long at)
    {
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(raw[8..]);
        if (count > MaxEntries)
        {
            VhdxFormat.Throw(at + 8, $"the region table has {count} entries, more than {MaxEntries}");
        }

        (long Offset, uint Length)? bat = null;
        (long Offset, uint Length)? metadata = null;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = raw.Slice(16 + (i * EntryLength), EntryLength);
            Guid id = new(entry[..16]);
            ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(entry[24..]);
            bool isKnown = id == Bat || id == Metadata;
            if (!isKnown && (BinaryPrimitives.ReadUInt32LittleEndian(entry[28..]) & Required) != 0)
            {
                throw new UnsupportedFeatureException(VhdxFormat.Info.Id, $"the region {id}");
            }

            if (isKnown && (offset < VhdxFormat.Megabyte || offset > (ulong)file.Length
                || length > (ulong)file.Length - offset))
            {
                VhdxFormat.Throw(
                    at + 16 + (i * EntryLength), $"the region of {length} bytes at {offset} is not in the file");
            }

            if (id == Bat)
            {
                bat = ((long)offset, length);
            }
            else if (id == Metadata)
            {
                metadata = ((long)offset, length);
            }
        }

        if (bat is null || metadata is null)
        {
            VhdxFormat.Throw(at, "there is no block allocation table, or no metadata");
        }

        return new(bat.Value.Offset, bat.Value.Length, metadata.Value.Offset, metadata.Value.Length);
    }
}
