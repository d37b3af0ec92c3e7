using System.Buffers;
using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Iso9660;

/// <summary>Reads a system use area and its continuations (SUSP 1.12, RRIP 1.12). What is damaged ends the reading: the
/// entries before it hold.</summary>
internal ref struct RockRidgeReader
{
    // Enough for the longest name and link several times over; what stands behind (long access control lists) is not
    // of interest. Loops end here, too.
    private const int MaxContinuations = 64;
    private const int MaxContinuationLength = 65536;

    private const int EntryHeaderLength = 4;

    private readonly IsoNode _node;
    private bool _nameEnded;
    private bool _linkGoesOn;
    private bool _linkNeedsSlash;

    private RockRidgeReader(IsoNode node) => _node = node;

    /// <summary>Adds what an area says to <paramref name="node"/>, whose attributes and name must be empty.</summary>
    /// <param name="layout">For the continuation areas.</param>
    /// <param name="area">Where the first entry stands.</param>
    /// <param name="node">Where to put it.</param>
    public static void Read(IsoLayout layout, ReadOnlySpan<byte> area, IsoNode node)
    {
        RockRidgeReader reader = new(node);
        if (!reader.ReadArea(area, out Continuation next) || next.Length == 0)
        {
            return;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Max(next.Length, IsoDescriptors.Length));
        try
        {
            int total = 0;
            for (int i = 0; i < MaxContinuations && next.Length > 0; i++)
            {
                total += next.Length;
                long offset = layout.OffsetOf(next.Block) + next.Offset;
                if (total > MaxContinuationLength || offset < 0 || offset > layout.Volume.Length - next.Length)
                {
                    return;
                }

                if (next.Length > buffer.Length)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = ArrayPool<byte>.Shared.Rent(next.Length);
                }

                Span<byte> bytes = buffer.AsSpan(0, next.Length);
                layout.Volume.Read(offset, bytes);
                if (!reader.ReadArea(bytes, out next))
                {
                    return;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // False when nothing may follow, neither here nor in a continuation.
    private bool ReadArea(ReadOnlySpan<byte> area, out Continuation next)
    {
        next = default;
        while (area.Length >= EntryHeaderLength)
        {
            int length = area[2];
            if (length < EntryHeaderLength || length > area.Length)
            {
                // Zeros fill the end of an area; anything else is damage.
                return area[0] == 0;
            }

            ReadOnlySpan<byte> data = area[EntryHeaderLength..length];
            switch (BinaryPrimitives.ReadUInt16BigEndian(area))
            {
                case ('C' << 8) | 'E' when data.Length >= 24:
                    next = new(
                        IsoRecord.Both32(data), IsoRecord.Both32(data[8..]), ToLength(IsoRecord.Both32(data[16..])));
                    break;
                case ('S' << 8) | 'T':
                    return true;
                default:
                    ReadEntry(BinaryPrimitives.ReadUInt16BigEndian(area), area[3], data);
                    break;
            }

            area = area[length..];
        }

        return true;
    }

    private static int ToLength(uint length) => (int)Math.Min(length, MaxContinuationLength + 1);

    private void ReadEntry(int signature, byte version, ReadOnlySpan<byte> data)
    {
        ref RockRidgeAttributes rock = ref _node.Rock;
        switch (signature)
        {
            case ('P' << 8) | 'X' when data.Length >= 32:
                rock.HasMode = true;
                rock.Mode = IsoRecord.Both32(data);
                rock.Links = IsoRecord.Both32(data[8..]);
                rock.Uid = IsoRecord.Both32(data[16..]);
                rock.Gid = IsoRecord.Both32(data[24..]);
                rock.Serial = data.Length >= 40 ? IsoRecord.Both32(data[32..]) : 0;
                break;
            case ('P' << 8) | 'N' when data.Length >= 16:
                ReadDevice(IsoRecord.Both32(data), IsoRecord.Both32(data[8..]));
                break;
            case ('N' << 8) | 'M' when data.Length >= 1:
                ReadName(data[0], data[1..]);
                break;
            case ('S' << 8) | 'L' when data.Length >= 1:
                ReadLink(data[1..]);
                break;
            case ('T' << 8) | 'F' when data.Length >= 1:
                ReadTimes(data[0], data[1..]);
                break;
            case ('C' << 8) | 'L' when data.Length >= 8:
                rock.ChildBlock = IsoRecord.Both32(data);
                break;
            case ('R' << 8) | 'E':
                rock.IsRelocated = true;
                break;
            case ('E' << 8) | 'R' when data.Length >= 4:
                ReadAnnouncement(data);
                break;
            case ('S' << 8) | 'F' when data.Length >= 8:
                ReadSparse(data);
                break;
            case (('Z' << 8) | 'F') or (('Z' << 8) | '2') when data.Length >= 12:
                ReadPacking(version, data);
                break;
        }
    }

    // RRIP 4.1.2: with a device number of 32 bits the upper half is 0 and the lower one has it all; other writers put
    // major and minor number there.
    private readonly void ReadDevice(uint high, uint low)
    {
        bool isCombined = high == 0 && low > 0xFF;
        _node.Rock.DeviceMajor = isCombined ? (low >> 8) & 0xFFF : high;
        _node.Rock.DeviceMinor = isCombined ? (low & 0xFF) | ((low >> 12) & 0xFFF00) : low;
    }

    private void ReadName(byte flags, ReadOnlySpan<byte> part)
    {
        const int Continues = 0x01;
        const int SelfOrParent = 0x06;
        if (_nameEnded || (flags & SelfOrParent) != 0)
        {
            return;
        }

        _nameEnded = (flags & Continues) == 0;
        part = part[..Math.Min(part.Length, _node.Name.Length - _node.NameLength)];
        part.CopyTo(_node.Name.AsSpan(_node.NameLength));
        _node.NameLength += part.Length;
    }

    // RRIP 4.1.3: components are joined by slashes, but for parts of one component.
    private void ReadLink(ReadOnlySpan<byte> components)
    {
        const int Continues = 0x01;
        while (components.Length >= 2 && components[1] <= components.Length - 2)
        {
            int flags = components[0];
            if (_linkNeedsSlash && !_linkGoesOn)
            {
                AppendLink("/"u8);
            }

            bool isRoot = (flags & 0x18) != 0;
            AppendLink((flags & 0x1E) switch
            {
                0 => components.Slice(2, components[1]),
                0x02 => "."u8,
                0x04 => ".."u8,
                _ when isRoot => "/"u8,
                _ => default,
            });
            _linkNeedsSlash = !isRoot;
            _linkGoesOn = (flags & Continues) != 0;
            components = components[(2 + components[1])..];
        }
    }

    private readonly void AppendLink(ReadOnlySpan<byte> part)
    {
        long end = _node.Rock.LinkLength + part.Length;
        if (_node.Link is { } link && end <= link.Length)
        {
            part.CopyTo(link.AsSpan((int)_node.Rock.LinkLength));
        }

        _node.Rock.LinkLength = end;
    }

    private readonly void ReadTimes(byte flags, ReadOnlySpan<byte> stamps)
    {
        const int IsLongForm = 0x80;
        int length = (flags & IsLongForm) != 0 ? IsoTime.LongLength : IsoTime.ShortLength;
        for (int kind = 0; kind < 4 && stamps.Length >= length; kind++)
        {
            if ((flags & (1 << kind)) == 0)
            {
                continue;
            }

            Timestamp time = (flags & IsLongForm) != 0 ? IsoTime.FromLong(stamps) : IsoTime.FromShort(stamps);
            stamps = stamps[length..];
            switch (kind)
            {
                case 0:
                    _node.Rock.Created = time;
                    break;
                case 1:
                    _node.Rock.Modified = time;
                    break;
                case 2:
                    _node.Rock.Accessed = time;
                    break;
                default:
                    _node.Rock.Changed = time;
                    break;
            }
        }
    }

    private readonly void ReadAnnouncement(ReadOnlySpan<byte> data)
    {
        int length = data[0];
        if (length > data.Length - 4)
        {
            return;
        }

        ReadOnlySpan<byte> id = data.Slice(4, length);
        string? version = id.StartsWith("RRIP_1991A"u8) ? "1.10"
            : id.StartsWith("IEEE_P1282"u8) || id.StartsWith("IEEE_1282"u8) ? "1.12"
            : null;
        _node.Rock.IsAnnounced |= version is not null;
        _node.Rock.Version ??= version;
    }

    // RRIP 4.1.7: both halves of the length and the depth of the tables; before version 1.12, a length of 32 bits.
    private readonly void ReadSparse(ReadOnlySpan<byte> data)
    {
        ref RockRidgeAttributes rock = ref _node.Rock;
        rock.Packing = IsoPacking.Sparse;
        ulong length = data.Length >= 16
            ? ((ulong)IsoRecord.Both32(data) << 32) | IsoRecord.Both32(data[8..])
            : IsoRecord.Both32(data);
        rock.UnpackedLength = (long)Math.Min(length, long.MaxValue);
    }

    // Version 1 has the length in both byte orders; version 2 has 64 bits, little-endian. The letters of version 2's
    // algorithms stand in its description in both cases.
    private readonly void ReadPacking(byte version, ReadOnlySpan<byte> data)
    {
        ref RockRidgeAttributes rock = ref _node.Rock;
        bool isFirst = version == 1 && data[..2].SequenceEqual("pz"u8);
        bool isSecond = version == 2
            && (char.ToUpperInvariant((char)data[0]), char.ToUpperInvariant((char)data[1]))
                is ('P', 'Z') or ('X', 'Z') or ('L', '4') or ('Z', 'D') or ('B', '2');
        rock.Packing = isFirst || isSecond ? IsoPacking.Zisofs : IsoPacking.Unknown;
        ulong length = isSecond ? BinaryPrimitives.ReadUInt64LittleEndian(data[4..]) : IsoRecord.Both32(data[4..]);
        rock.UnpackedLength = (long)Math.Min(length, long.MaxValue);
    }

    private readonly record struct Continuation(uint Block, uint Offset, int Length);
}
