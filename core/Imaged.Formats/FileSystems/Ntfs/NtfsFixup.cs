using System.Buffers.Binary;

namespace Imaged.Formats.Ntfs;

/// <summary>The update sequence: the last two bytes of each sector of a record hold one number, so that a record that
/// was written in part is noticed, and what belongs there stands in a list.</summary>
internal static class NtfsFixup
{
    private const int MinStride = 256;
    private const int MaxStride = 4096;

    /// <summary>Puts the bytes where they belong.</summary>
    /// <param name="record">A whole record of the MFT, block of an index, or page of the journal.</param>
    /// <returns>False when the list is wrong, or the record was written in part.</returns>
    public static bool Apply(Span<byte> record)
    {
        int offset = BinaryPrimitives.ReadUInt16LittleEndian(record[4..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(record[6..]) - 1;
        if (count < 1 || record.Length % count != 0 || record.Length / count is < MinStride or > MaxStride
            || offset < 8 || offset + ((count + 1) * 2) > record.Length)
        {
            return false;
        }

        int stride = record.Length / count;
        ReadOnlySpan<byte> list = record[offset..];
        ReadOnlySpan<byte> number = list[..2];
        for (int i = 1; i <= count; i++)
        {
            Span<byte> tail = record.Slice((i * stride) - 2, 2);
            if (!tail.SequenceEqual(number))
            {
                return false;
            }

            list.Slice(i * 2, 2).CopyTo(tail);
        }

        return true;
    }
}
