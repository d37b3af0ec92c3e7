using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Udf;

/// <summary>The table of replaced packets (UDF 2.2.12).</summary>
internal static class UdfSparingTable
{
    private const int MaxTables = 4;
    private const uint FirstSpecialPacket = 0xfffffff0;

    // The entry count has 16 bits.
    private const int MaxTableLength = 56 + (65535 * 8);

    /// <summary>Builds a sparable partition from its newest readable table; without one nothing counts as
    /// replaced.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="map">The partition map, of 64 bytes.</param>
    /// <param name="start">First block of the partition.</param>
    /// <param name="warnings">Takes what is odd.</param>
    public static UdfSparablePartition Load(
        UdfVolume volume, ReadOnlySpan<byte> map, uint start, List<string> warnings)
    {
        uint packetLength = BinaryPrimitives.ReadUInt16LittleEndian(map[40..]);
        int tables = map[42];
        if (packetLength == 0 || tables > MaxTables)
        {
            ImageFormatException.Throw(
                UdfFileSystem.Id, 0, $"a sparable partition has packets of {packetLength} blocks and {tables} tables");
        }

        byte[]? newest = null;
        for (int i = 0; i < tables; i++)
        {
            uint location = BinaryPrimitives.ReadUInt32LittleEndian(map[(48 + (i * 4))..]);
            byte[]? table = TryRead(volume, location);
            if (table is not null && (newest is null || Order(table) > Order(newest)))
            {
                newest = table;
            }
        }

        if (newest is null)
        {
            warnings.Add("no sparing table can be read, replaced packets show their old content");
            return new(start, packetLength, [], []);
        }

        return Parse(newest, start, packetLength);
    }

    private static uint Order(ReadOnlySpan<byte> table) => BinaryPrimitives.ReadUInt32LittleEndian(table[52..]);

    private static UdfSparablePartition Parse(ReadOnlySpan<byte> table, uint start, uint packetLength)
    {
        SortedDictionary<uint, uint> replaced = [];
        int count = BinaryPrimitives.ReadUInt16LittleEndian(table[48..]);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = table[(56 + (i * 8))..];
            uint original = BinaryPrimitives.ReadUInt32LittleEndian(entry);

            // The values from 0xfffffff0 on say that the replacement is bad or not in use.
            if (original < FirstSpecialPacket && original % packetLength == 0)
            {
                replaced[original] = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
            }
        }

        return new(start, packetLength, [.. replaced.Keys], [.. replaced.Values]);
    }

    // The tag of the table has id 0, so that its identifier has to vouch for it.
    private static byte[]? TryRead(UdfVolume volume, uint block)
    {
        long offset = (long)block * volume.BlockSize;
        try
        {
            if (offset > volume.Source.Length - volume.BlockSize)
            {
                return null;
            }

            byte[] head = volume.Source.ReadBytes(offset, volume.BlockSize);
            int length = 56 + (BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(48)) * 8);
            if (!UdfTag.TryParse(head, out UdfTag tag) || tag.Id != UdfTagId.None
                || !head.AsSpan(17, 18).SequenceEqual("*UDF Sparing Table"u8)
                || length > MaxTableLength || offset > volume.Source.Length - length)
            {
                return null;
            }

            byte[] table = volume.Source.ReadBytes(offset, Math.Max(length, volume.BlockSize));
            return tag.Covers(table) ? table : null;
        }
        catch (Exception error) when (error is IOException or ArgumentOutOfRangeException)
        {
            // A bad sector or a table that the end cuts off: the next copy will do.
            return null;
        }
    }
}
