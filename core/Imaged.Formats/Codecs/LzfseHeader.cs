using System.Buffers.Binary;

namespace Imaged.Formats.Codecs;

/// <summary>The header of one compressed block of an LZFSE stream (<c>bvx1</c> or <c>bvx2</c>), without its frequency
/// tables.</summary>
internal readonly record struct LzfseHeader(
    int RawLength,
    int Length,
    int LiteralCount,
    int MatchCount,
    int LiteralPayloadLength,
    int MatchPayloadLength,
    int LiteralUnusedBits,
    int MatchUnusedBits)
{
    /// <summary>Most literals of a block.</summary>
    public const int MaxLiterals = 40000;

    /// <summary>Symbols of literal lengths, match lengths, distances and literals, in the order of their
    /// frequencies.</summary>
    public const int LengthSymbols = 20;

    /// <inheritdoc cref="LengthSymbols"/>
    public const int DistanceSymbols = 64;

    /// <inheritdoc cref="LengthSymbols"/>
    public const int LiteralSymbols = 256;

    /// <summary>Frequencies of all symbols.</summary>
    public const int FrequencyCount = (2 * LengthSymbols) + DistanceSymbols + LiteralSymbols;

    /// <summary>States of the decoder of literal and match lengths.</summary>
    public const int LengthStates = 64;

    /// <summary>States of the decoder of distances.</summary>
    public const int DistanceStates = 256;

    /// <summary>States of the decoder of literals.</summary>
    public const int LiteralStates = 1024;

    private const int MaxMatches = 10000;
    private const int PlainLength = 772;
    private const int PlainFrequencies = 50;
    private const int PackedLength = 32;

    /// <summary>First states of the four decoders of literals.</summary>
    public (int A, int B, int C, int D) LiteralState { get; private init; }

    /// <summary>First states of the decoders of literal lengths, match lengths and distances.</summary>
    public (int Literals, int Match, int Distance) MatchState { get; private init; }

    private bool IsValid =>
        RawLength >= 0 && LiteralCount is >= 0 and <= MaxLiterals && LiteralCount % 4 == 0
        && MatchCount is >= 0 and <= MaxMatches && LiteralPayloadLength >= 0 && MatchPayloadLength >= 0
        && LiteralUnusedBits is >= 0 and <= 7 && MatchUnusedBits is >= 0 and <= 7
        && Math.Max(Math.Max(LiteralState.A, LiteralState.B), Math.Max(LiteralState.C, LiteralState.D)) < LiteralStates
        && Math.Max(MatchState.Literals, MatchState.Match) < LengthStates && MatchState.Distance < DistanceStates;

    /// <summary>Reads a <c>bvx1</c> header with its frequencies, which are stored as they are.</summary>
    public static bool TryReadPlain(ReadOnlySpan<byte> block, Span<ushort> frequencies, out LzfseHeader header)
    {
        header = default;
        if (block.Length < PlainLength)
        {
            return false;
        }

        header = new(
            RawLength: Int32(block, 4),
            Length: PlainLength,
            LiteralCount: Int32(block, 12),
            MatchCount: Int32(block, 16),
            LiteralPayloadLength: Int32(block, 20),
            MatchPayloadLength: Int32(block, 24),
            LiteralUnusedBits: unchecked(-Int32(block, 28)),
            MatchUnusedBits: unchecked(-Int32(block, 40)))
        {
            LiteralState = (UInt16(block, 32), UInt16(block, 34), UInt16(block, 36), UInt16(block, 38)),
            MatchState = (UInt16(block, 44), UInt16(block, 46), UInt16(block, 48)),
        };
        for (int i = 0; i < FrequencyCount; i++)
        {
            frequencies[i] = UInt16(block, PlainFrequencies + (2 * i));
        }

        return header.IsValid;
    }

    /// <summary>Reads a <c>bvx2</c> header with its frequencies, which are packed.</summary>
    public static bool TryReadPacked(ReadOnlySpan<byte> block, Span<ushort> frequencies, out LzfseHeader header)
    {
        header = default;
        if (block.Length < PackedLength)
        {
            return false;
        }

        ulong literals = BinaryPrimitives.ReadUInt64LittleEndian(block[8..]);
        ulong states = BinaryPrimitives.ReadUInt64LittleEndian(block[16..]);
        ulong rest = BinaryPrimitives.ReadUInt64LittleEndian(block[24..]);
        header = new(
            RawLength: Int32(block, 4),
            Length: unchecked((int)rest),
            LiteralCount: Bits(literals, 0, 20),
            MatchCount: Bits(literals, 40, 20),
            LiteralPayloadLength: Bits(literals, 20, 20),
            MatchPayloadLength: Bits(states, 40, 20),
            LiteralUnusedBits: 7 - Bits(literals, 60, 3),
            MatchUnusedBits: 7 - Bits(states, 60, 3))
        {
            LiteralState = (Bits(states, 0, 10), Bits(states, 10, 10), Bits(states, 20, 10), Bits(states, 30, 10)),
            MatchState = (Bits(rest, 32, 10), Bits(rest, 42, 10), Bits(rest, 52, 10)),
        };
        return header.IsValid && header.Length >= PackedLength && header.Length <= block.Length
            && TryUnpack(block[PackedLength..header.Length], frequencies);
    }

    // Each frequency is a code of 2, 3, 5, 8 or 14 bits, told apart by the lowest ones; an absent table is all zeros.
    private static bool TryUnpack(ReadOnlySpan<byte> packed, Span<ushort> frequencies)
    {
        frequencies.Clear();
        if (packed.IsEmpty)
        {
            return true;
        }

        int from = 0;
        uint bits = 0;
        int count = 0;
        foreach (ref ushort frequency in frequencies)
        {
            while (count <= 24 && from < packed.Length)
            {
                bits |= (uint)packed[from++] << count;
                count += 8;
            }

            (int length, uint value) = (bits & 15) switch
            {
                15 => (14, 24 + ((bits >> 4) & 0x3ff)),
                7 => (8, 8 + ((bits >> 4) & 15)),
                3 or 11 => (5, 4 + ((bits >> 3) & 3)),
                1 or 5 or 9 or 13 => (3, 2 + ((bits >> 2) & 1)),
                _ => (2, (bits >> 1) & 1),
            };
            if (length > count)
            {
                return false;
            }

            frequency = (ushort)value;
            bits >>= length;
            count -= length;
        }

        return from == packed.Length && count < 8;
    }

    private static int Bits(ulong word, int from, int count) => (int)((word >> from) & ((1UL << count) - 1));

    private static int Int32(ReadOnlySpan<byte> block, int offset) =>
        BinaryPrimitives.ReadInt32LittleEndian(block[offset..]);

    private static ushort UInt16(ReadOnlySpan<byte> block, int offset) =>
        BinaryPrimitives.ReadUInt16LittleEndian(block[offset..]);
}
