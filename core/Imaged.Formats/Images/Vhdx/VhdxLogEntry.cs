using System.Buffers.Binary;
using Imaged.Formats.Codecs;

namespace Imaged.Formats.Images.Vhdx;

/// <summary>One valid entry of the log (MS-VHDX 2.3.1).</summary>
/// <param name="Length">Length in bytes: whole log sectors.</param>
/// <param name="Tail">Byte offset in the log of the first entry that has to be replayed with this one.</param>
/// <param name="Sequence">Sequence number.</param>
/// <param name="FlushedFileLength">Bytes that the file has at least, if it was not cut off.</param>
/// <param name="LastFileLength">Bytes that the file has after the replay.</param>
/// <param name="Updates">What is to be written where, in order.</param>
internal sealed record VhdxLogEntry(
    uint Length,
    uint Tail,
    ulong Sequence,
    ulong FlushedFileLength,
    ulong LastFileLength,
    IReadOnlyList<VhdxUpdate> Updates)
{
    /// <summary>Length of a log sector, and of what an update writes, in bytes.</summary>
    public const int SectorLength = 4096;

    /// <summary>Length of the fixed part of an entry in bytes.</summary>
    public const int HeaderLength = 64;

    private const int DescriptorLength = 32;

    /// <summary>Length of the entry that begins with these bytes; 0 when none does.</summary>
    /// <param name="head">At least <see cref="HeaderLength"/> bytes.</param>
    /// <param name="logId">Identity of the log.</param>
    /// <param name="logLength">Length of the log in bytes.</param>
    public static uint LengthOf(ReadOnlySpan<byte> head, Guid logId, int logLength)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(head[8..]);
        return head.StartsWith("loge"u8) && length % SectorLength == 0 && length > 0 && length <= (uint)logLength
            && new Guid(head.Slice(32, 16)) == logId
            ? length
            : 0;
    }

    /// <summary>Parses an entry; null when it was not written completely.</summary>
    public static VhdxLogEntry? TryParse(ReadOnlyMemory<byte> memory)
    {
        ReadOnlySpan<byte> raw = memory.Span;
        ulong sequence = BinaryPrimitives.ReadUInt64LittleEndian(raw[16..]);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(raw[24..]);
        if (Crc32C.OfStructure(raw, 4) != BinaryPrimitives.ReadUInt32LittleEndian(raw[4..])
            || sequence == 0
            || count > (raw.Length - HeaderLength) / DescriptorLength)
        {
            return null;
        }

        // The data sectors follow the sectors of the descriptors.
        int data = (HeaderLength + ((int)count * DescriptorLength) + SectorLength - 1) / SectorLength * SectorLength;
        List<VhdxUpdate> updates = [];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> descriptor = raw.Slice(HeaderLength + (i * DescriptorLength), DescriptorLength);
            ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(descriptor[16..]);
            if (BinaryPrimitives.ReadUInt64LittleEndian(descriptor[24..]) != sequence
                || offset % SectorLength != 0 || offset > long.MaxValue / 2)
            {
                return null;
            }

            if (descriptor.StartsWith("zero"u8))
            {
                ulong length = BinaryPrimitives.ReadUInt64LittleEndian(descriptor[8..]);
                if (length % SectorLength != 0 || length > long.MaxValue / 2)
                {
                    return null;
                }

                updates.Add(new((long)offset, (long)length, null));
                continue;
            }

            if (!descriptor.StartsWith("desc"u8) || data > raw.Length - SectorLength
                || !IsDataOf(raw.Slice(data, SectorLength), sequence))
            {
                return null;
            }

            updates.Add(new((long)offset, SectorLength, Restore(descriptor, raw.Slice(data, SectorLength))));
            data += SectorLength;
        }

        return new(
            (uint)raw.Length,
            BinaryPrimitives.ReadUInt32LittleEndian(raw[12..]),
            sequence,
            BinaryPrimitives.ReadUInt64LittleEndian(raw[48..]),
            BinaryPrimitives.ReadUInt64LittleEndian(raw[56..]),
            updates);
    }

    private static bool IsDataOf(ReadOnlySpan<byte> sector, ulong sequence) =>
        sector.StartsWith("data"u8)
        && BinaryPrimitives.ReadUInt32LittleEndian(sector[4..]) == (uint)(sequence >> 32)
        && BinaryPrimitives.ReadUInt32LittleEndian(sector[4092..]) == (uint)(sequence & uint.MaxValue);

    // Signature and sequence number took the place of the first 8 and last 4 bytes, which the descriptor has instead.
    private static byte[] Restore(ReadOnlySpan<byte> descriptor, ReadOnlySpan<byte> sector)
    {
        byte[] bytes = sector.ToArray();
        descriptor.Slice(8, 8).CopyTo(bytes);
        descriptor.Slice(4, 4).CopyTo(bytes.AsSpan(SectorLength - 4));
        return bytes;
    }
}
