using System.Buffers.Binary;
using System.IO.Hashing;

namespace Imaged.Formats.Images.Compressed;

/// <summary>What is known of a compressed file once it has been gone through: the points, which tile the content, and
/// some numbers of the format's own. This is also what is kept of it: all integers have little-endian byte
/// order.</summary>
/// <param name="Points">In their order.</param>
/// <param name="Facts">Numbers whose meaning the format knows.</param>
internal sealed record SeekIndex(SeekPoint[] Points, long[] Facts)
{
    /// <summary>Most points of a file.</summary>
    public const int MaxPoints = 1 << 21;

    private const int Version = 1;
    private const int MaxFacts = 16;
    private const int MaxState = 64 << 10;
    private const int HeaderLength = 32;
    private const int PointLength = 40;
    private const int HashLength = 16;
    private const long MaxOffset = 1L << 56;

    private static ReadOnlySpan<byte> Magic => "imagedsx"u8;

    /// <summary>Bytes of the content.</summary>
    public long Length => Points.Length == 0 ? 0 : Points[^1].Offset + Points[^1].Length;

    /// <summary>The bytes to keep: a header (magic, version, number of facts, of points, bytes of all states), the
    /// facts, the points, their states, and XXH128 of all before.</summary>
    public byte[] Serialize()
    {
        int states = Points.Sum(point => point.State?.Length ?? 0);
        byte[] raw = new byte[HeaderLength + (Facts.Length * 8) + (Points.Length * PointLength) + states + HashLength];
        Magic.CopyTo(raw);
        BinaryPrimitives.WriteInt32LittleEndian(raw.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(raw.AsSpan(12), Facts.Length);
        BinaryPrimitives.WriteInt32LittleEndian(raw.AsSpan(16), Points.Length);
        BinaryPrimitives.WriteInt32LittleEndian(raw.AsSpan(20), states);
        int at = HeaderLength;
        foreach (long fact in Facts)
        {
            BinaryPrimitives.WriteInt64LittleEndian(raw.AsSpan(at), fact);
            at += 8;
        }

        int stateAt = at + (Points.Length * PointLength);
        foreach (SeekPoint point in Points)
        {
            Span<byte> record = raw.AsSpan(at, PointLength);
            BinaryPrimitives.WriteInt64LittleEndian(record, point.Length);
            BinaryPrimitives.WriteInt64LittleEndian(record[8..], point.StoredBits);
            BinaryPrimitives.WriteInt64LittleEndian(record[16..], point.StoredLength);
            BinaryPrimitives.WriteInt64LittleEndian(record[24..], point.Check is { } check ? check : -1);
            BinaryPrimitives.WriteInt32LittleEndian(record[32..], point.State?.Length ?? -1);
            point.State?.CopyTo(raw, stateAt);
            stateAt += point.State?.Length ?? 0;
            at += PointLength;
        }

        XxHash128.Hash(raw.AsSpan(0, stateAt), raw.AsSpan(stateAt));
        return raw;
    }

    /// <summary>Reads what was kept; whoever can write there may have written anything.</summary>
    /// <param name="raw">The bytes.</param>
    /// <param name="fileLength">Length of the compressed file in bytes.</param>
    /// <returns>The index; null when the bytes make none of this file and version.</returns>
    public static SeekIndex? TryParse(ReadOnlySpan<byte> raw, long fileLength)
    {
        if (raw.Length < HeaderLength + HashLength || !raw.StartsWith(Magic)
            || BinaryPrimitives.ReadInt32LittleEndian(raw[8..]) != Version
            || !XxHash128.Hash(raw[..^HashLength]).AsSpan().SequenceEqual(raw[^HashLength..]))
        {
            return null;
        }

        int factCount = BinaryPrimitives.ReadInt32LittleEndian(raw[12..]);
        int count = BinaryPrimitives.ReadInt32LittleEndian(raw[16..]);
        int states = BinaryPrimitives.ReadInt32LittleEndian(raw[20..]);
        if (factCount is < 0 or > MaxFacts || count is < 1 or > MaxPoints || states < 0
            || raw.Length != HeaderLength + (factCount * 8L) + (count * (long)PointLength) + states + HashLength)
        {
            return null;
        }

        long[] facts = new long[factCount];
        for (int i = 0; i < factCount; i++)
        {
            facts[i] = BinaryPrimitives.ReadInt64LittleEndian(raw[(HeaderLength + (i * 8))..]);
        }

        ReadOnlySpan<byte> records = raw.Slice(HeaderLength + (factCount * 8), count * PointLength);
        SeekPoint[]? points = ParsePoints(records, raw[^(states + HashLength)..^HashLength], fileLength);
        return points is null ? null : new(points, facts);
    }

    private static SeekPoint[]? ParsePoints(ReadOnlySpan<byte> records, ReadOnlySpan<byte> states, long fileLength)
    {
        SeekPoint[] points = new SeekPoint[records.Length / PointLength];
        long offset = 0;
        for (int i = 0; i < points.Length; i++)
        {
            ReadOnlySpan<byte> record = records.Slice(i * PointLength, PointLength);
            long length = BinaryPrimitives.ReadInt64LittleEndian(record);
            long bits = BinaryPrimitives.ReadInt64LittleEndian(record[8..]);
            long stored = BinaryPrimitives.ReadInt64LittleEndian(record[16..]);
            long check = BinaryPrimitives.ReadInt64LittleEndian(record[24..]);
            int state = BinaryPrimitives.ReadInt32LittleEndian(record[32..]);
            if (length < 1 || length > MaxOffset - offset || bits < 0 || bits >> 3 >= fileLength
                || stored < 0 || stored > fileLength - (bits >> 3) || check is < -1 or > uint.MaxValue
                || state < -1 || state > Math.Min(MaxState, states.Length)
                || (i > 0 && bits < points[i - 1].StoredBits))
            {
                return null;
            }

            points[i] = new(offset, length, bits, stored)
            {
                Check = check < 0 ? null : (uint)check,
                State = state < 0 ? null : states[..state].ToArray(),
            };
            states = states[Math.Max(0, state)..];
            offset += length;
        }

        return states.IsEmpty ? points : null;
    }
}
