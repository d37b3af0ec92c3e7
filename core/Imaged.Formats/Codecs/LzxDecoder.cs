using System.Buffers.Binary;

namespace Imaged.Formats.Codecs;

/// <summary>LZX as Windows images have it ([MS-PATCH] section 2 describes the bits of the same family): blocks with
/// codes of their own over one chunk, which is its own window, and x86 call targets that were made absolute. Not for
/// several threads.</summary>
internal sealed class LzxDecoder
{
    /// <summary>Longest chunk in bytes.</summary>
    public const int MaxChunkLength = 1 << 21;

    private const int Literals = 256;
    private const int LengthSymbols = 249;
    private const int AlignedSymbols = 8;
    private const int PreSymbols = 20;
    private const int MaxSlots = 50;
    private const int DefaultBlockLength = 32768;
    private const int MinMatch = 2;
    private const int LongLength = 7;

    // Slots from this one on have 3 bits or more, the last 3 of which an aligned block encodes by a code.
    private const int FirstAlignedSlot = 8;

    // Distances are stored by so much larger, as 0 to 2 stand for the last three ones.
    private const int DistanceBias = 2;
    private const int MaxExtraBits = 17;

    [ThreadStatic]
    private static LzxDecoder? t_decoder;

    private readonly byte[] _mainLengths = new byte[Literals + (MaxSlots * 8)];
    private readonly byte[] _lengthLengths = new byte[LengthSymbols];
    private readonly PrefixCode _main = new(Literals + (MaxSlots * 8));
    private readonly PrefixCode _length = new(LengthSymbols);
    private readonly PrefixCode _aligned = new(AlignedSymbols);
    private readonly PrefixCode _pre = new(PreSymbols);
    private readonly int[] _recent = new int[3];

    private enum BlockType
    {
        Verbatim = 1,
        Aligned = 2,
        Stored = 3,
    }

    // For each slot the first distance, biased.
    private static ReadOnlySpan<int> SlotBases =>
    [
        0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096,
        6144, 8192, 12288, 16384, 24576, 32768, 49152, 65536, 98304, 131072, 196608, 262144, 393216, 524288, 655360,
        786432, 917504, 1048576, 1179648, 1310720, 1441792, 1572864, 1703936, 1835008, 1966080,
    ];

    /// <summary>Decodes a chunk that fills the destination.</summary>
    /// <param name="source">The encoded chunk.</param>
    /// <param name="destination">At most <see cref="MaxChunkLength"/> bytes.</param>
    /// <param name="windowLength">Length in bytes of the image's chunks, which the code of distances goes by: a power
    /// of two up to <see cref="MaxChunkLength"/>.</param>
    /// <returns>False when it is damaged or cut off.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> source, Span<byte> destination, int windowLength)
    {
        t_decoder ??= new LzxDecoder();
        if (!t_decoder.TryDecodeBlocks(source, destination, Math.Max(windowLength, DefaultBlockLength)))
        {
            return false;
        }

        X86Calls.MakeRelative(destination);
        return true;
    }

    private static int ExtraBits(int slot) => slot < 4 ? 0 : Math.Min(MaxExtraBits, (slot - 2) >> 1);

    private bool TryDecodeBlocks(ReadOnlySpan<byte> source, Span<byte> destination, int windowLength)
    {
        // One slot more than those whose first distance is inside the window would never be used.
        int slots = 0;
        while (slots < MaxSlots && SlotBases[slots] < windowLength)
        {
            slots++;
        }

        Array.Clear(_mainLengths);
        Array.Clear(_lengthLengths);
        Array.Fill(_recent, 1);
        WordBits bits = new(source);
        for (int to = 0; to < destination.Length;)
        {
            BlockType type = (BlockType)bits.Read(3);
            int length = ReadBlockLength(ref bits, windowLength);
            if (length == 0 || length > destination.Length - to || bits.IsOverrun)
            {
                return false;
            }

            bool isGood = type switch
            {
                BlockType.Verbatim or BlockType.Aligned =>
                    TryReadCodes(ref bits, type, Literals + (slots * 8))
                    && TryDecodeBlock(ref bits, destination[..(to + length)], to, type == BlockType.Aligned),
                BlockType.Stored => TryCopyBlock(ref bits, destination.Slice(to, length)),
                _ => false,
            };
            if (!isGood)
            {
                return false;
            }

            to += length;
        }

        return !bits.IsOverrun;
    }

    private static int ReadBlockLength(ref WordBits bits, int windowLength)
    {
        if (bits.Read(1) == 1)
        {
            return DefaultBlockLength;
        }

        int length = bits.Read(16);
        return windowLength > DefaultBlockLength ? (length << 8) | bits.Read(8) : length;
    }

    private bool TryCopyBlock(ref WordBits bits, Span<byte> destination)
    {
        ReadOnlySpan<byte> rest = bits.Align();
        const int Distances = 12;
        if (rest.Length < Distances || rest.Length - Distances < destination.Length)
        {
            return false;
        }

        for (int i = 0; i < _recent.Length; i++)
        {
            uint distance = BinaryPrimitives.ReadUInt32LittleEndian(rest[(4 * i)..]);
            if (distance is 0 or > MaxChunkLength)
            {
                return false;
            }

            _recent[i] = (int)distance;
        }

        rest = rest[Distances..];
        rest[..destination.Length].CopyTo(destination);

        // The next block begins at an even byte.
        bits = new WordBits(rest[Math.Min(rest.Length, destination.Length + (destination.Length & 1))..]);
        return true;
    }

    private bool TryReadCodes(ref WordBits bits, BlockType type, int mainSymbols)
    {
        if (type == BlockType.Aligned)
        {
            Span<byte> lengths = stackalloc byte[AlignedSymbols];
            for (int i = 0; i < lengths.Length; i++)
            {
                lengths[i] = (byte)bits.Read(3);
            }

            if (!_aligned.TryMake(lengths))
            {
                return false;
            }
        }

        return TryReadLengths(ref bits, _mainLengths.AsSpan(0, Literals))
            && TryReadLengths(ref bits, _mainLengths.AsSpan(Literals, mainSymbols - Literals))
            && TryReadLengths(ref bits, _lengthLengths)
            && _main.TryMake(_mainLengths)
            && _length.TryMake(_lengthLengths);
    }

    // Lengths are given as the difference from those of the block before, by a code of their own.
    private bool TryReadLengths(ref WordBits bits, Span<byte> lengths)
    {
        Span<byte> preLengths = stackalloc byte[PreSymbols];
        for (int i = 0; i < preLengths.Length; i++)
        {
            preLengths[i] = (byte)bits.Read(4);
        }

        if (!_pre.TryMake(preLengths))
        {
            return false;
        }

        for (int i = 0; i < lengths.Length;)
        {
            int symbol = _pre.Read(ref bits);
            int run = symbol switch
            {
                17 => 4 + bits.Read(4),
                18 => 20 + bits.Read(5),
                19 => 4 + bits.Read(1),
                _ => 1,
            };
            bool isZero = symbol is 17 or 18;
            symbol = symbol == 19 ? _pre.Read(ref bits) : symbol;
            if (symbol < 0 || (!isZero && symbol > 16))
            {
                return false;
            }

            byte value = isZero ? (byte)0 : (byte)((lengths[i] - symbol + 17) % 17);
            run = Math.Min(run, lengths.Length - i);
            lengths.Slice(i, run).Fill(value);
            i += run;
        }

        return true;
    }

    // The block ends where the destination does.
    private bool TryDecodeBlock(ref WordBits bits, Span<byte> destination, int to, bool isAligned)
    {
        while (to < destination.Length)
        {
            int symbol = _main.Read(ref bits);
            if (symbol < Literals)
            {
                if (symbol < 0)
                {
                    return false;
                }

                destination[to++] = (byte)symbol;
                continue;
            }

            int length = symbol & 7;
            if (length == LongLength)
            {
                int more = _length.Read(ref bits);
                if (more < 0)
                {
                    return false;
                }

                length += more;
            }

            length += MinMatch;
            int distance = ReadDistance(ref bits, (symbol - Literals) >> 3, isAligned);
            if (distance <= 0 || distance > to || length > destination.Length - to)
            {
                return false;
            }

            LzMatch.Copy(destination, to, distance, length);
            to += length;
        }

        return true;
    }

    private int ReadDistance(ref WordBits bits, int slot, bool isAligned)
    {
        int distance;
        if (slot < _recent.Length)
        {
            distance = _recent[slot];
            _recent[slot] = _recent[0];
            _recent[0] = distance;
            return distance;
        }

        int count = ExtraBits(slot);
        distance = SlotBases[slot] - DistanceBias;
        if (isAligned && slot >= FirstAlignedSlot)
        {
            distance += bits.Read(count - 3) << 3;
            int low = _aligned.Read(ref bits);
            if (low < 0)
            {
                return -1;
            }

            distance += low;
        }
        else if (count > PrefixCode.MaxBits)
        {
            distance += bits.Read(count - 8) << 8;
            distance += bits.Read(8);
        }
        else
        {
            distance += bits.Read(count);
        }

        _recent[2] = _recent[1];
        _recent[1] = _recent[0];
        _recent[0] = distance;
        return distance;
    }
}
