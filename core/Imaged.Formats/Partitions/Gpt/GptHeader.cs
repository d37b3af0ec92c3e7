using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;

namespace Imaged.Formats.Partitions.Gpt;

/// <summary>A GPT header that passed its checks (UEFI specification, section 5.3.2). Addresses are sector
/// numbers.</summary>
internal readonly record struct GptHeader(
    ulong Own,
    ulong Alternate,
    ulong FirstUsable,
    ulong LastUsable,
    Guid DiskId,
    ulong Entries,
    int EntryCount,
    int EntrySize,
    uint EntriesChecksum)
{
    public const int MinSize = 92;

    // 1 MiB: 8192 entries of the usual 128 bytes, where 128 entries are usual.
    private const long MaxArrayLength = 1 << 20;
    private const int MaxEntrySize = 4096;

    public int ArrayLength => EntryCount * EntrySize;

    /// <summary>Parses the header at sector <paramref name="lba"/>.</summary>
    /// <param name="sector">The whole sector; its checksum field is cleared.</param>
    /// <param name="lba">Where the sector stands.</param>
    /// <param name="header">The header.</param>
    /// <returns>False when it is no header or damaged.</returns>
    public static bool TryParse(Span<byte> sector, ulong lba, out GptHeader header)
    {
        header = default;
        if (!sector.StartsWith("EFI PART"u8))
        {
            return false;
        }

        uint size = BinaryPrimitives.ReadUInt32LittleEndian(sector[12..]);
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(sector[16..]);
        if (size < MinSize || size > sector.Length)
        {
            return false;
        }

        sector.Slice(16, 4).Clear();
        uint entryCount = BinaryPrimitives.ReadUInt32LittleEndian(sector[80..]);
        uint entrySize = BinaryPrimitives.ReadUInt32LittleEndian(sector[84..]);
        if (Crc32.HashToUInt32(sector[..(int)size]) != checksum
            || BinaryPrimitives.ReadUInt64LittleEndian(sector[24..]) != lba
            || entrySize < 128 || entrySize > MaxEntrySize || !BitOperations.IsPow2(entrySize)
            || (ulong)entryCount * entrySize > MaxArrayLength)
        {
            return false;
        }

        header = new(
            lba,
            BinaryPrimitives.ReadUInt64LittleEndian(sector[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(sector[40..]),
            BinaryPrimitives.ReadUInt64LittleEndian(sector[48..]),
            new Guid(sector.Slice(56, 16)),
            BinaryPrimitives.ReadUInt64LittleEndian(sector[72..]),
            (int)entryCount,
            (int)entrySize,
            BinaryPrimitives.ReadUInt32LittleEndian(sector[88..]));
        return header.FirstUsable <= header.LastUsable;
    }
}
