using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;

namespace Imaged.Formats.Images.Vhd;

/// <summary>The header of a dynamic or differencing VHD, checked (specification, "Dynamic Disk Header
/// Format").</summary>
/// <param name="TableOffset">Byte offset of the block allocation table.</param>
/// <param name="BlockLength">Length of a block in bytes, without its bitmap.</param>
/// <param name="ParentId">Identity of the parent.</param>
/// <param name="ParentNames">File names of the parent, the likeliest first.</param>
/// <param name="HasGoodChecksum">Whether the checksum agrees.</param>
internal sealed record VhdHeader(
    ulong TableOffset, long BlockLength, Guid ParentId, IReadOnlyList<string> ParentNames, bool HasGoodChecksum)
{
    private const int Size = 1024;
    private const int ChecksumOffset = 36;
    private const uint MaxBlock = 256 << 20;
    private const int LocatorCount = 8;
    private const int LocatorLength = 24;
    private const uint MaxNameLength = 2048;
    private const int SectorLength = 512;

    /// <summary>Length of the bitmap before each block in bytes: a bit for each sector, whole sectors.</summary>
    public long BitmapLength =>
        ((BlockLength / SectorLength / 8) + SectorLength - 1) / SectorLength * SectorLength;

    /// <summary>Parses and checks the header.</summary>
    /// <exception cref="Model.ImageFormatException">It is wrong.</exception>
    public static VhdHeader Read(BlockSource file, VhdFooter footer)
    {
        long offset = (long)Math.Min(footer.HeaderOffset, long.MaxValue / 2);
        if (offset > file.Length - Size)
        {
            VhdFormat.Throw(16, $"the dynamic header at {offset} is not inside the file");
        }

        byte[] raw = file.ReadBytes(offset, Size);
        ulong table = BinaryPrimitives.ReadUInt64BigEndian(raw.AsSpan(16));
        uint count = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(28));
        uint block = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(32));
        if (!raw.AsSpan().StartsWith("cxsparse"u8))
        {
            VhdFormat.Throw(offset, "there is no dynamic header");
        }

        if (block is < SectorLength or > MaxBlock || !uint.IsPow2(block))
        {
            VhdFormat.Throw(offset + 32, $"the block size {block} is no power of two up to {MaxBlock}");
        }

        if (table > (ulong)file.Length || count * 4ul > (ulong)file.Length - table)
        {
            VhdFormat.Throw(offset + 28, $"the table of {count} blocks at {table} is not inside the file");
        }

        if ((ulong)footer.Length > count * (ulong)block)
        {
            VhdFormat.Throw(offset + 28, $"{count} blocks of {block} bytes are too few for a disk of {footer.Length}");
        }

        bool isGood = VhdFooter.Checksum(raw, ChecksumOffset)
            == BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(ChecksumOffset));
        Guid parent = new(raw.AsSpan(40, 16), bigEndian: true);
        string[] names = footer.Type == VhdType.Differencing ? [.. ParentNamesOf(file, raw).Distinct()] : [];
        return new(table, block, parent, names, isGood);
    }

    // The locators (relative before absolute), and the name in the header itself.
    private static IEnumerable<string> ParentNamesOf(BlockSource file, byte[] raw)
    {
        List<string> names = [];
        for (int i = 0; i < LocatorCount; i++)
        {
            ReadOnlySpan<byte> locator = raw.AsSpan(576 + (i * LocatorLength), LocatorLength);
            uint length = BinaryPrimitives.ReadUInt32BigEndian(locator[8..]);
            ulong offset = BinaryPrimitives.ReadUInt64BigEndian(locator[16..]);
            bool isRelative = locator.StartsWith("W2ru"u8);
            if ((isRelative || locator.StartsWith("W2ku"u8)) && length is > 0 and <= MaxNameLength
                && offset <= (ulong)file.Length && length <= (ulong)file.Length - offset)
            {
                string name = Encoding.Unicode.GetString(file.ReadBytes((long)offset, (int)length));
                names.Insert(isRelative ? 0 : names.Count, name);
            }
        }

        names.Add(Encoding.BigEndianUnicode.GetString(raw.AsSpan(64, 512)));
        return names.Select(name => name.Split('\0')[0]).Where(name => name.Length > 0);
    }
}
