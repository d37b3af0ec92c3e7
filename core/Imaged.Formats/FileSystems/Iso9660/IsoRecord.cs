using System.Buffers.Binary;

namespace Imaged.Formats.Iso9660;

/// <summary>A directory record (ECMA-119 9.1) whose lengths have been checked.</summary>
internal readonly ref struct IsoRecord
{
    /// <summary>Bytes before the identifier.</summary>
    public const int HeaderLength = 33;

    /// <summary>Records never cross the boundary of a logical sector (ECMA-119 6.8.1.1).</summary>
    public const int SectorSize = 2048;

    private const int HiddenAssociated = 0x04;
    private const int DirectoryFlag = 0x02;
    private const int MoreExtents = 0x80;

    private readonly ReadOnlySpan<byte> _raw;
    private readonly int _flags;

    private IsoRecord(ReadOnlySpan<byte> raw, bool highSierra)
    {
        _raw = raw;
        _flags = raw[highSierra ? 24 : 25];
    }

    /// <summary>First block of the data's extended attribute record, or of the data where there is none.</summary>
    public uint Extent => Both32(_raw[2..]);

    /// <summary>Length of the data in bytes.</summary>
    public uint DataLength => Both32(_raw[10..]);

    /// <summary>Blocks of the extended attribute record, which stands before the data.</summary>
    public int AttributeBlocks => _raw[1];

    /// <summary>Length of the record in bytes.</summary>
    public int Length => _raw.Length;

    /// <summary>Whether it stands for a directory.</summary>
    public bool IsDirectory => (_flags & DirectoryFlag) != 0;

    /// <summary>Whether it is an associated file: a resource fork under the name of the data fork.</summary>
    public bool IsAssociated => (_flags & HiddenAssociated) != 0;

    /// <summary>Whether the file goes on in the next record.</summary>
    public bool HasMoreExtents => (_flags & MoreExtents) != 0;

    /// <summary>Blocks in a file unit of an interleaved file, else 0.</summary>
    public int InterleaveUnit => _raw[26];

    /// <summary>Blocks between two file units.</summary>
    public int InterleaveGap => _raw[27];

    /// <summary>The identifier as stored.</summary>
    public ReadOnlySpan<byte> Identifier => _raw.Slice(HeaderLength, _raw[32]);

    /// <summary>Whether it is the directory's record of itself.</summary>
    public bool IsSelf => _raw[32] == 1 && _raw[HeaderLength] == 0;

    /// <summary>Whether it is the directory's record of its parent.</summary>
    public bool IsParent => _raw[32] == 1 && _raw[HeaderLength] == 1;

    /// <summary>The seven bytes of the recording date (six where there is no time zone).</summary>
    public ReadOnlySpan<byte> Date => _raw.Slice(18, 7);

    /// <summary>What stands behind the identifier: the system use area.</summary>
    public ReadOnlySpan<byte> SystemUse
    {
        get
        {
            int begin = HeaderLength + _raw[32];
            begin += begin & 1;
            return begin < _raw.Length ? _raw[begin..] : default;
        }
    }

    /// <summary>Checks the lengths of a record.</summary>
    /// <param name="bytes">From its first byte to the end of what it may take.</param>
    /// <param name="highSierra">Whether the volume is High Sierra.</param>
    /// <param name="record">The record.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, bool highSierra, out IsoRecord record)
    {
        if (bytes.Length <= HeaderLength || bytes[0] <= HeaderLength || bytes[0] > bytes.Length
            || bytes[32] > bytes[0] - HeaderLength)
        {
            record = default;
            return false;
        }

        record = new(bytes[..bytes[0]], highSierra);
        return true;
    }

    /// <summary>A number stored little-endian, then big-endian. Some writers fill in one half only.</summary>
    public static uint Both32(ReadOnlySpan<byte> raw)
    {
        uint little = BinaryPrimitives.ReadUInt32LittleEndian(raw);
        return little != 0 ? little : BinaryPrimitives.ReadUInt32BigEndian(raw[4..]);
    }

    /// <summary>As <see cref="Both32"/>, of 16 bits.</summary>
    public static int Both16(ReadOnlySpan<byte> raw)
    {
        ushort little = BinaryPrimitives.ReadUInt16LittleEndian(raw);
        return little != 0 ? little : BinaryPrimitives.ReadUInt16BigEndian(raw[2..]);
    }
}
