using System.Buffers;
using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;

namespace Imaged.Formats.Images.V2i;

/// <summary>Which sectors of the volume are stored, and where: a record for every 16 MiB, and behind the records the
/// details of those that are stored in part. Only the counts of the records are kept, the rest is read when it is
/// needed.</summary>
internal sealed class V2iMap
{
    /// <summary>Bytes of a sector.</summary>
    public const int SectorLength = 512;

    private const int HeaderLength = 32;
    private const int RecordLength = 32;
    private const int MaxRecords = 1 << 18;
    private const int RunsPerSlot = 125;
    private const ushort RunMagic = 0x2290;

    private readonly BlockSource _stream;
    private readonly long _detailOffset;
    private readonly V2iRecord[] _records;

    private V2iMap(BlockSource stream, long detailOffset, V2iRecord[] records, long sectorCount)
    {
        _stream = stream;
        _detailOffset = detailOffset;
        _records = records;
        SectorCount = sectorCount;
    }

    /// <summary>Sectors of the volume.</summary>
    public long SectorCount { get; }

    /// <summary>Reads the records.</summary>
    /// <exception cref="Model.ImageFormatException">They contradict each other or the directory.</exception>
    public static V2iMap Read(BlockSource stream, V2iMetadata metadata)
    {
        (long offset, long length) = metadata.Map;
        Span<byte> raw = stackalloc byte[RecordLength];
        if (length < HeaderLength)
        {
            Throw(offset, $"it has {length} bytes");
        }

        stream.Read(offset, raw[..HeaderLength]);
        long sectors = BinaryPrimitives.ReadUInt32LittleEndian(raw[4..]);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(raw[12..]);
        if (sectors == 0 || count > MaxRecords || count > (length - HeaderLength) / RecordLength
            || count != (sectors + V2iRecord.SectorsPerRecord - 1) / V2iRecord.SectorsPerRecord)
        {
            Throw(offset, $"it has {count} records of {sectors} sectors");
        }

        V2iRecord[] records = new V2iRecord[count];
        long stored = 0;
        int details = 0;
        for (int i = 0; i < records.Length; i++)
        {
            long at = offset + HeaderLength + ((long)i * RecordLength);
            stream.Read(at, raw);
            int covered = (int)Math.Min(V2iRecord.SectorsPerRecord, sectors - ((long)i * V2iRecord.SectorsPerRecord));
            records[i] = V2iRecord.Parse(raw, i, covered, stored, details, at);
            stored += records[i].Stored;
            details += records[i].DetailSlots;
        }

        if (HeaderLength + ((long)count * RecordLength) + ((long)details * SectorLength) > length)
        {
            Throw(offset, $"it has {length} bytes, too few for {count} records and {details} details");
        }

        if (stored * SectorLength != metadata.Data.Length)
        {
            Throw(offset, $"it knows {stored} stored sectors, the directory {metadata.Data.Length} bytes");
        }

        return new(stream, offset + HeaderLength + ((long)count * RecordLength), records, sectors);
    }

    /// <summary>The sectors from this one on that are alike, as far as one record tells.</summary>
    /// <param name="sector">Number of a sector of the volume.</param>
    /// <param name="stored">How many stored ones stand before it.</param>
    public BitRun FindRun(long sector, out long stored)
    {
        V2iRecord record = _records[sector / V2iRecord.SectorsPerRecord];
        int inside = (int)(sector % V2iRecord.SectorsPerRecord);
        stored = record.StoredBefore;
        if (record.Kind is V2iRecordKind.None or V2iRecordKind.All)
        {
            bool isStored = record.Kind == V2iRecordKind.All;
            stored += isStored ? inside : 0;
            return new(isStored, record.Covered - inside);
        }

        int length = record.DetailSlots * SectorLength;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            long at = _detailOffset + ((long)record.DetailSlot * SectorLength);
            Span<byte> detail = buffer.AsSpan(0, length);
            _stream.Read(at, detail);
            return record.Kind == V2iRecordKind.Runs
                ? FindInRuns(detail, record, inside, at, ref stored)
                : FindInBits(detail, record, inside, at, ref stored);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static BitRun FindInBits(ReadOnlySpan<byte> bits, V2iRecord record, int inside, long at, ref long stored)
    {
        if (BitRun.CountSet(bits, record.Covered) != record.Stored)
        {
            Throw(at, $"a bitmap does not have the {record.Stored} sectors that its record counts");
        }

        stored += BitRun.CountSet(bits, inside);
        BitRun run = BitRun.Find(bits, inside, highestFirst: false);
        return run with { Length = Math.Min(run.Length, record.Covered - inside) };
    }

    // Pairs of a first sector and a length.
    private static BitRun FindInRuns(ReadOnlySpan<byte> list, V2iRecord record, int inside, long at, ref long stored)
    {
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(list[2..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(list) != RunMagic
            || BinaryPrimitives.ReadUInt16LittleEndian(list[10..]) != RunMagic || count is 0 or > RunsPerSlot)
        {
            Throw(at, $"a list of runs has no signature, or {count} runs");
        }

        BitRun? found = null;
        int end = 0;
        int sum = 0;
        long before = stored;
        for (int i = 0; i < count; i++)
        {
            int begin = BinaryPrimitives.ReadUInt16LittleEndian(list[(12 + (i * 4))..]);
            int length = BinaryPrimitives.ReadUInt16LittleEndian(list[(14 + (i * 4))..]);
            if (begin < end || length == 0 || begin + length > record.Covered)
            {
                Throw(at, $"a run of {length} sectors at {begin} overlaps or leaves its record");
            }

            if (found is null && inside < begin + length)
            {
                found = inside < begin ? new(false, begin - inside) : new(true, begin + length - inside);
                stored = before + sum + Math.Max(0, inside - begin);
            }

            end = begin + length;
            sum += length;
        }

        if (sum != record.Stored)
        {
            Throw(at, $"a list of runs has {sum} sectors, its record {record.Stored}");
        }

        return found ?? new(false, record.Covered - inside);
    }

    private static void Throw(long offset, string message) =>
        V2iFormat.Throw(offset, $"the map of used sectors is wrong: {message}");
}
