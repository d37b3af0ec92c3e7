using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Formats.Images.Qcow2;

/// <summary>Writes a qcow2 image, version 3, with clusters that are Zstandard frames (docs/interop/qcow2.rst of QEMU):
/// first what it is given, in the order in which it comes, then the tables, then the header. Clusters may be written
/// by any number of threads, each cluster once. It keeps eight bytes in memory for each cluster of the disk.</summary>
public sealed class Qcow2Writer
{
    /// <summary>The unit in which the length of a compressed cluster is stored, in bytes.</summary>
    internal const int SectorLength = 512;

    private const uint Magic = 0x514649fb;
    private const int HeaderLength = 112;
    private const ulong IsStandard = 1UL << 63; // the copied flag: its reference count is 1
    private const ulong IsCompressed = 1UL << 62;
    private const ulong ReadsAsZero = 1;
    private const int CountLength = 2;
    private const uint BackingFormatType = 0xe2792aca;

    private readonly SafeFileHandle _output;
    private readonly Qcow2WriterOptions _options;
    private readonly object _lock = new();

    // Of each cluster of the file, how many things lie in it.
    private readonly List<ushort> _counts = [];
    private readonly ulong[]?[] _tables;

    // Where the next frame goes: behind the last one, or at the end of what is allocated.
    private long _frameEnd;
    private long _directoryOffset;
    private long _countsOffset;
    private int _countsClusters;

    /// <summary>A writer to an empty file.</summary>
    /// <param name="output">Opened for writing; stays the caller's.</param>
    /// <param name="options">What it is like.</param>
    public Qcow2Writer(SafeFileHandle output, Qcow2WriterOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Length, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ClusterBits, 16);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.ClusterBits, 21);
        _output = output;
        _options = options;
        int perTable = options.ClusterLength / sizeof(ulong);
        long clusters = DivideUp(options.Length, options.ClusterLength);
        _tables = new ulong[]?[checked((int)DivideUp(clusters, perTable))];
        _counts.Add(1); // the header
    }

    /// <summary>Bytes that the file has by now, the tables not counted.</summary>
    public long FileLength
    {
        get
        {
            lock (_lock)
            {
                return (long)_counts.Count << _options.ClusterBits;
            }
        }
    }

    /// <summary>Writes clusters. Those that are zero are not stored, but said to be zero where there is a backing
    /// file.</summary>
    /// <param name="first">Number of the first one on the disk.</param>
    /// <param name="data">Whole clusters; behind the end of the disk zero.</param>
    /// <param name="encoder">The calling thread's own.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(long first, ReadOnlySpan<byte> data, Qcow2ClusterEncoder encoder)
    {
        int count = encoder.Encode(data);
        long frame = encoder.FramesLength == 0 ? 0 : WriteFrames(encoder, count);
        int whole = encoder.Lengths.AsSpan(0, count).Count(_options.ClusterLength);
        long plain = whole == 0 ? 0 : AllocateClusters(whole);
        for (int i = 0; i < count; i++)
        {
            int length = encoder.Lengths[i];
            if (length == 0)
            {
                WriteZero(first + i);
            }
            else if (length == _options.ClusterLength)
            {
                RandomAccess.Write(_output, data.Slice(i * length, length), plain);
                Set(first + i, (ulong)plain | IsStandard);
                plain += length;
            }
            else
            {
                Set(first + i, Describe(frame, length));
                frame += length;
            }
        }
    }

    /// <summary>Says that a cluster is zero, whatever the backing file has there.</summary>
    public void WriteZero(long cluster)
    {
        if (_options.BackingFile is not null)
        {
            Set(cluster, ReadsAsZero);
        }
    }

    /// <summary>Writes the tables.</summary>
    /// <returns>Byte offset behind them, a multiple of the cluster length: what is written there is not part of the
    /// image.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public long WriteTables()
    {
        ulong[] directory = new ulong[_tables.Length];
        byte[] cluster = new byte[_options.ClusterLength];
        for (int i = 0; i < _tables.Length; i++)
        {
            if (_tables[i] is { } table)
            {
                long offset = AllocateClusters(1);
                WriteBigEndian(table, cluster);
                RandomAccess.Write(_output, cluster, offset);
                directory[i] = (ulong)offset | IsStandard;
            }
        }

        _directoryOffset = WriteNumbers(directory);
        WriteCounts();
        return FileLength;
    }

    /// <summary>Writes the header: the image is complete then.</summary>
    /// <param name="manifest">What stands behind the tables; null for nothing.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void WriteHeader(Qcow2Manifest? manifest)
    {
        byte[] header = new byte[_options.ClusterLength];
        BinaryPrimitives.WriteUInt32BigEndian(header, Magic);
        Put32(header, 4, 3);
        Put32(header, 20, (uint)_options.ClusterBits);
        Put64(header, 24, (ulong)_options.Length);
        Put32(header, 36, (uint)_tables.Length);
        Put64(header, 40, (ulong)_directoryOffset);
        Put64(header, 48, (ulong)_countsOffset);
        Put32(header, 56, (uint)_countsClusters);
        Put64(header, 72, (ulong)Qcow2Features.CompressionType);
        Put64(header, 88, manifest is null ? 0 : Qcow2Manifest.AutoclearFeature);
        Put32(header, 96, 4); // reference counts of 2^4 bits
        Put32(header, 100, HeaderLength);
        header[104] = 1; // Zstandard
        int end = HeaderLength;
        if (manifest is { } known)
        {
            end = PutExtension(header, end, Qcow2Manifest.ExtensionType, known.ToExtension());
        }

        if (_options.BackingFile is { } backing)
        {
            end = PutExtension(header, end, BackingFormatType, "qcow2"u8);
            end += 8; // the end of the extensions
            byte[] name = Encoding.UTF8.GetBytes(backing);
            Put64(header, 8, (ulong)end);
            Put32(header, 16, (uint)name.Length);
            name.CopyTo(header, end);
        }

        RandomAccess.Write(_output, header, 0);
    }

    private static long DivideUp(long value, long by) => (value / by) + (value % by == 0 ? 0 : 1);

    private static void Put32(byte[] header, int offset, uint value) =>
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(offset), value);

    private static void Put64(byte[] header, int offset, ulong value) =>
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(offset), value);

    private static int PutExtension(byte[] header, int offset, uint type, ReadOnlySpan<byte> data)
    {
        Put32(header, offset, type);
        Put32(header, offset + 4, (uint)data.Length);
        data.CopyTo(header.AsSpan(offset + 8));
        return offset + 8 + ((data.Length + 7) & ~7);
    }

    private static void WriteBigEndian(ReadOnlySpan<ulong> numbers, Span<byte> destination)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(destination[(i * sizeof(ulong))..], numbers[i]);
        }
    }

    // "Compressed Clusters Descriptor": where it begins, and how many further sectors it touches.
    private ulong Describe(long offset, int length)
    {
        int bits = 62 - (_options.ClusterBits - 8);
        long sectors = ((offset + length - 1) / SectorLength) - (offset / SectorLength);
        return IsCompressed | ((ulong)sectors << bits) | (ulong)offset;
    }

    private long WriteFrames(Qcow2ClusterEncoder encoder, int count)
    {
        long begin = AllocateFrames(encoder.Lengths.AsSpan(0, count), encoder.FramesLength);
        RandomAccess.Write(_output, encoder.Frames, begin);
        return begin;
    }

    private long AllocateFrames(ReadOnlySpan<int> lengths, int total)
    {
        lock (_lock)
        {
            long end = (long)_counts.Count << _options.ClusterBits;
            long free = -_frameEnd & (_options.ClusterLength - 1);
            bool isLast = _frameEnd + free == end;
            bool hasRoom = free > 0
                && _counts[(int)(_frameEnd >> _options.ClusterBits)] < ushort.MaxValue - lengths.Length;
            long begin = hasRoom && (total <= free || isLast) ? _frameEnd : end;
            long offset = begin;
            foreach (int length in lengths)
            {
                if (length > 0 && length < _options.ClusterLength)
                {
                    Count(offset, length);
                    offset += length;
                }
            }

            _frameEnd = offset;
            return begin;
        }
    }

    private void Count(long offset, int length)
    {
        int last = (int)((offset + length - 1) >> _options.ClusterBits);
        for (int cluster = (int)(offset >> _options.ClusterBits); cluster <= last; cluster++)
        {
            if (cluster == _counts.Count)
            {
                _counts.Add(0);
            }

            _counts[cluster]++;
        }
    }

    private long AllocateClusters(int count)
    {
        lock (_lock)
        {
            long offset = (long)_counts.Count << _options.ClusterBits;
            for (int i = 0; i < count; i++)
            {
                _counts.Add(1);
            }

            return offset;
        }
    }

    private void Set(long cluster, ulong entry)
    {
        int perTable = _options.ClusterLength / sizeof(ulong);
        ref ulong[]? table = ref _tables[(int)(cluster / perTable)];
        if (table is null)
        {
            Interlocked.CompareExchange(ref table, new ulong[perTable], null);
        }

        table[cluster % perTable] = entry;
    }

    private long WriteNumbers(ReadOnlySpan<ulong> numbers)
    {
        int clusters = (int)DivideUp((long)numbers.Length * sizeof(ulong), _options.ClusterLength);
        byte[] bytes = new byte[clusters * _options.ClusterLength];
        WriteBigEndian(numbers, bytes);
        long offset = AllocateClusters(clusters);
        RandomAccess.Write(_output, bytes, offset);
        return offset;
    }

    // The counts of references count the clusters that they stand in themselves.
    private void WriteCounts()
    {
        int perBlock = _options.ClusterLength / CountLength;
        int used = _counts.Count;
        int blocks = 0;
        int tables = 0;
        while (true)
        {
            int neededBlocks = (int)DivideUp(used + blocks + tables, perBlock);
            int neededTables = (int)DivideUp((long)neededBlocks * sizeof(ulong), _options.ClusterLength);
            if (neededBlocks == blocks && neededTables == tables)
            {
                break;
            }

            (blocks, tables) = (neededBlocks, neededTables);
        }

        long offset = AllocateClusters(blocks + tables);
        ulong[] table = new ulong[blocks];
        byte[] cluster = new byte[_options.ClusterLength];
        for (int i = 0; i < blocks; i++)
        {
            cluster.AsSpan().Clear();
            int first = i * perBlock;
            for (int k = 0; k < perBlock && first + k < _counts.Count; k++)
            {
                BinaryPrimitives.WriteUInt16BigEndian(cluster.AsSpan(k * CountLength), _counts[first + k]);
            }

            table[i] = (ulong)offset;
            RandomAccess.Write(_output, cluster, offset);
            offset += _options.ClusterLength;
        }

        byte[] bytes = new byte[tables * _options.ClusterLength];
        WriteBigEndian(table, bytes);
        RandomAccess.Write(_output, bytes, offset);
        (_countsOffset, _countsClusters) = (offset, tables);
    }
}
