using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.ExFat;

/// <summary>Steps through the sets of entries of a directory (exFAT specification 6 and 7). Damaged sets are left out,
/// and told at the end. For one thread.</summary>
internal sealed class ExFatDirectoryReader
{
    private const byte FileType = 0x85;
    private const byte StreamType = 0xc0;
    private const byte NameType = 0xc1;

    // In use, and one that belongs to the entry before.
    private const byte SecondaryMask = 0xc0;
    private const int MinSecondaries = 2;
    private const int MaxSecondaries = 18;
    private const int NameBytes = 30;
    private const byte ContiguousFlag = 2;

    private readonly ClusterEntryReader _entries;
    private readonly ExFatGeometry _geometry;
    private readonly byte[] _file = new byte[ClusterLayout.EntrySize];
    private readonly byte[] _stream = new byte[ClusterLayout.EntrySize];
    private readonly byte[] _name = new byte[MaxSecondaries * NameBytes];

    /// <summary>Begins at a byte of the directory.</summary>
    /// <param name="volume">Best a cached one.</param>
    /// <param name="geometry">Of the volume.</param>
    /// <param name="chain">Where the directory lies.</param>
    /// <param name="position">A multiple of 32.</param>
    /// <param name="owner">Byte offset that errors name.</param>
    public ExFatDirectoryReader(
        BlockSource volume, ExFatGeometry geometry, ClusterChain chain, long position, long owner)
    {
        _entries = new(volume, chain, position, ExFatFileSystem.Id, owner);
        _geometry = geometry;
    }

    /// <summary>Longest set in bytes.</summary>
    public static int MaxSetLength => (MaxSecondaries + 1) * ClusterLayout.EntrySize;

    /// <summary>The set that was read last.</summary>
    public ExFatEntry Current { get; private set; } = null!;

    /// <summary>Position behind the current set in the directory.</summary>
    public long Position => _entries.Position;

    /// <summary>What was left out; null when nothing was.</summary>
    public ImageFormatException? Damage { get; private set; }

    /// <summary>Goes to the next set that is sound.</summary>
    /// <exception cref="ImageFormatException">The chain of the directory is broken here.</exception>
    public bool MoveNext()
    {
        while (_entries.MoveNext())
        {
            byte type = _entries.Entry[0];
            if (type == 0)
            {
                _entries.End();
                return false;
            }

            if (type == FileType && TryReadSet())
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads the set that begins at the position.</summary>
    public bool TryReadHere() => _entries.MoveNext() && _entries.Entry[0] == FileType && TryReadSet();

    private bool TryReadSet()
    {
        long offset = _entries.EntryOffset;
        _entries.Entry.CopyTo(_file);
        ushort sum = 0;
        for (int i = 0; i < _file.Length; i++)
        {
            // But its own two bytes.
            sum = i is 2 or 3 ? sum : Add(sum, _file[i]);
        }

        int secondaries = _file[1];
        int nameLength = 0;
        for (int i = 0; i < secondaries; i++)
        {
            long back = _entries.Position;
            if (!_entries.MoveNext() || (_entries.Entry[0] & SecondaryMask) != SecondaryMask)
            {
                _entries.Position = back;
                return Fail(offset, $"has {i} entries instead of {secondaries}");
            }

            ReadOnlySpan<byte> entry = _entries.Entry;
            foreach (byte value in entry)
            {
                sum = Add(sum, value);
            }

            if (i == 0)
            {
                entry.CopyTo(_stream);
            }
            else if (entry[0] == NameType && i < MaxSecondaries)
            {
                entry[2..].CopyTo(_name.AsSpan(nameLength));
                nameLength += NameBytes;
            }
        }

        if (secondaries < MinSecondaries || _stream[0] != StreamType || _stream[3] * 2 > nameLength || _stream[3] == 0)
        {
            return Fail(offset, "is not complete");
        }

        return sum == BinaryPrimitives.ReadUInt16LittleEndian(_file.AsSpan(2))
            ? TryParse(offset, _name.AsSpan(0, _stream[3] * 2))
            : Fail(offset, "has a wrong checksum");
    }

    private bool TryParse(long offset, ReadOnlySpan<byte> name)
    {
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(_stream.AsSpan(24));
        if (length > (ulong)_geometry.ClusterCount * (ulong)_geometry.ClusterSize)
        {
            return Fail(offset, $"has {length} bytes, more than the volume");
        }

        ReadOnlySpan<byte> file = _file;
        Current = new()
        {
            Offset = offset,
            Name = FileNames.FromUtf16(name),
            Attributes = (DosAttributes)BinaryPrimitives.ReadUInt16LittleEndian(file[4..]),
            IsContiguous = (_stream[1] & ContiguousFlag) != 0,
            FirstCluster = BinaryPrimitives.ReadUInt32LittleEndian(_stream.AsSpan(20)),
            Length = (long)length,
            ValidLength = (long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(_stream.AsSpan(8)), length),
            Created = ExFatTime.From(file[8..], file[20], file[22]),
            Modified = ExFatTime.From(file[12..], file[21], file[23]),
            Accessed = ExFatTime.From(file[16..], 0, file[24]),
        };
        return true;
    }

    private static ushort Add(ushort sum, byte value) =>
        unchecked((ushort)(((sum << 15) | (sum >> 1)) + value));

    private bool Fail(long offset, string what)
    {
        Damage ??= new(ExFatFileSystem.Id, offset, $"a set of directory entries {what}");
        return false;
    }
}
