using System.Buffers;
using System.Buffers.Binary;

namespace Imaged.Formats.Codecs;

/// <summary>LZFSE streams: blocks that are stored, LZVN, or literals and copies coded with finite state entropy (tANS),
/// each with a magic number; the last one is an end mark. Copies may reach into earlier blocks.</summary>
internal static class LzfseDecoder
{
    private const uint EndOfStream = 0x24787662; // bvx$
    private const uint Stored = 0x2d787662; // bvx-
    private const uint Lzvn = 0x6e787662; // bvxn
    private const uint Plain = 0x31787662; // bvx1
    private const uint Packed = 0x32787662; // bvx2
    private const int MagicLength = 4;
    private const int TableLength =
        (2 * LzfseHeader.LengthStates) + LzfseHeader.DistanceStates + LzfseHeader.LiteralStates;

    // Literal lengths, match lengths, distances: how many bits stand behind a symbol, and the lowest value it means.
    private static readonly byte[] LiteralExtra = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 5, 8];
    private static readonly byte[] MatchExtra = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 5, 8, 11];
    private static readonly byte[] DistanceExtra =
        [.. Enumerable.Range(0, LzfseHeader.DistanceSymbols).Select(symbol => (byte)(symbol / 4))];

    private static readonly int[] LiteralBase = Bases(LiteralExtra);
    private static readonly int[] MatchBase = Bases(MatchExtra);
    private static readonly int[] DistanceBase = Bases(DistanceExtra);

    /// <summary>Decodes one stream.</summary>
    /// <param name="source">The stream; bytes behind its end mark are not looked at.</param>
    /// <param name="destination">Where to.</param>
    /// <returns>Number of bytes written; -1 when the stream is damaged, has no end mark, or is longer than the
    /// destination.</returns>
    public static int Decode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        int to = 0;
        while (source.Length >= MagicLength)
        {
            uint magic = BinaryPrimitives.ReadUInt32LittleEndian(source);
            if (magic == EndOfStream)
            {
                return to;
            }

            int length = magic switch
            {
                Stored => CopyStored(source, destination, ref to),
                Lzvn => DecodeLzvn(source, destination, ref to),
                Plain or Packed => DecodeBlock(source, magic == Packed, destination, ref to),
                _ => -1,
            };
            if (length < 0)
            {
                return -1;
            }

            source = source[length..];
        }

        return -1;
    }

    // Each of these returns the length of the block, or -1.
    private static int CopyStored(ReadOnlySpan<byte> block, Span<byte> destination, ref int to)
    {
        const int HeaderLength = 8;
        uint length = block.Length < HeaderLength ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        if (length > block.Length - HeaderLength || length > destination.Length - to)
        {
            return -1;
        }

        block.Slice(HeaderLength, (int)length).CopyTo(destination[to..]);
        to += (int)length;
        return HeaderLength + (int)length;
    }

    private static int DecodeLzvn(ReadOnlySpan<byte> block, Span<byte> destination, ref int to)
    {
        const int HeaderLength = 12;
        if (block.Length < HeaderLength)
        {
            return -1;
        }

        uint raw = BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        uint payload = BinaryPrimitives.ReadUInt32LittleEndian(block[8..]);
        if (raw > destination.Length - to || payload > block.Length - HeaderLength)
        {
            return -1;
        }

        int end = to + (int)raw;
        to = LzvnDecoder.Decode(block.Slice(HeaderLength, (int)payload), destination[..end], to);
        return to == end ? HeaderLength + (int)payload : -1;
    }

    private static int DecodeBlock(ReadOnlySpan<byte> block, bool isPacked, Span<byte> destination, ref int to)
    {
        Span<ushort> frequencies = stackalloc ushort[LzfseHeader.FrequencyCount];
        bool isRead = isPacked
            ? LzfseHeader.TryReadPacked(block, frequencies, out LzfseHeader header)
            : LzfseHeader.TryReadPlain(block, frequencies, out header);
        long length = (long)header.Length + header.LiteralPayloadLength + header.MatchPayloadLength;
        if (!isRead || length > block.Length || header.RawLength > destination.Length - to)
        {
            return -1;
        }

        LzfseEntry[] tables = ArrayPool<LzfseEntry>.Shared.Rent(TableLength);
        byte[] literals = ArrayPool<byte>.Shared.Rent(LzfseHeader.MaxLiterals);
        try
        {
            ReadOnlySpan<byte> literalPayload = block.Slice(header.Length, header.LiteralPayloadLength);
            ReadOnlySpan<byte> matchPayload =
                block.Slice(header.Length + header.LiteralPayloadLength, header.MatchPayloadLength);
            int end = to + header.RawLength;
            bool isGood = TryBuild(frequencies, tables)
                && TryDecodeLiterals(header, literalPayload, tables, literals)
                && TryDecodeMatches(header, matchPayload, tables, literals, destination[..end], ref to)
                && to == end;
            return isGood ? (int)length : -1;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(literals);
            ArrayPool<LzfseEntry>.Shared.Return(tables);
        }
    }

    // In the order of the frequencies: literal lengths, match lengths, distances, literals.
    private static bool TryBuild(ReadOnlySpan<ushort> frequencies, Span<LzfseEntry> tables)
    {
        const int Symbols = LzfseHeader.LengthSymbols;
        const int States = LzfseHeader.LengthStates;
        const int DistanceSymbols = LzfseHeader.DistanceSymbols;
        const int DistanceStates = LzfseHeader.DistanceStates;
        return LzfseEntry.TryBuild(frequencies[..Symbols], LiteralExtra, LiteralBase, tables[..States])
            && LzfseEntry.TryBuild(
                frequencies.Slice(Symbols, Symbols), MatchExtra, MatchBase, tables.Slice(States, States))
            && LzfseEntry.TryBuild(
                frequencies.Slice(2 * Symbols, DistanceSymbols),
                DistanceExtra,
                DistanceBase,
                tables.Slice(2 * States, DistanceStates))
            && LzfseEntry.TryBuild(
                frequencies[((2 * Symbols) + DistanceSymbols)..],
                [],
                [],
                tables.Slice((2 * States) + DistanceStates, LzfseHeader.LiteralStates));
    }

    private static bool TryDecodeLiterals(
        in LzfseHeader header, ReadOnlySpan<byte> payload, ReadOnlySpan<LzfseEntry> tables, Span<byte> literals)
    {
        tables = tables.Slice(TableLength - LzfseHeader.LiteralStates, LzfseHeader.LiteralStates);
        LzfseBits bits = new(payload, header.LiteralUnusedBits);
        (int a, int b, int c, int d) = header.LiteralState;
        for (int i = 0; i < header.LiteralCount; i += 4)
        {
            bits.Fill();
            literals[i] = NextLiteral(tables, ref bits, ref a);
            literals[i + 1] = NextLiteral(tables, ref bits, ref b);
            literals[i + 2] = NextLiteral(tables, ref bits, ref c);
            literals[i + 3] = NextLiteral(tables, ref bits, ref d);
            if (bits.IsExhausted)
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryDecodeMatches(
        in LzfseHeader header,
        ReadOnlySpan<byte> payload,
        ReadOnlySpan<LzfseEntry> tables,
        ReadOnlySpan<byte> literals,
        Span<byte> destination,
        ref int to)
    {
        ReadOnlySpan<LzfseEntry> literalTable = tables[..LzfseHeader.LengthStates];
        ReadOnlySpan<LzfseEntry> matchTable = tables.Slice(LzfseHeader.LengthStates, LzfseHeader.LengthStates);
        ReadOnlySpan<LzfseEntry> distanceTable = tables.Slice(2 * LzfseHeader.LengthStates, LzfseHeader.DistanceStates);
        LzfseBits bits = new(payload, header.MatchUnusedBits);
        (int literalState, int matchState, int distanceState) = header.MatchState;
        literals = literals[..header.LiteralCount];
        int distance = 0;
        for (int i = 0; i < header.MatchCount; i++)
        {
            // At most 14, 17 and 23 bits: one fill lasts for all three.
            bits.Fill();
            int literalLength = NextValue(literalTable, ref bits, ref literalState);
            int matchLength = NextValue(matchTable, ref bits, ref matchState);
            int newDistance = NextValue(distanceTable, ref bits, ref distanceState);
            distance = newDistance == 0 ? distance : newDistance;
            if (bits.IsExhausted || literalLength > literals.Length
                || literalLength + matchLength > destination.Length - to)
            {
                return false;
            }

            literals[..literalLength].CopyTo(destination[to..]);
            literals = literals[literalLength..];
            to += literalLength;
            if (matchLength > 0)
            {
                if (distance == 0 || distance > to)
                {
                    return false;
                }

                LzMatch.Copy(destination, to, distance, matchLength);
                to += matchLength;
            }
        }

        return true;
    }

    // States are masked: those of an exhausted stream are nonsense, and are thrown away by the caller.
    private static byte NextLiteral(ReadOnlySpan<LzfseEntry> table, ref LzfseBits bits, ref int state)
    {
        unchecked
        {
            LzfseEntry entry = table[state];
            state = (entry.Delta + bits.Pull(entry.Bits)) & (LzfseHeader.LiteralStates - 1);
            return (byte)entry.Base;
        }
    }

    private static int NextValue(ReadOnlySpan<LzfseEntry> table, ref LzfseBits bits, ref int state)
    {
        unchecked
        {
            LzfseEntry entry = table[state];
            int pulled = bits.Pull(entry.Bits + entry.ExtraBits);
            state = (entry.Delta + (pulled >> entry.ExtraBits)) & (table.Length - 1);
            return entry.Base + (pulled & ((1 << entry.ExtraBits) - 1));
        }
    }

    private static int[] Bases(byte[] extra)
    {
        int[] bases = new int[extra.Length];
        for (int i = 1; i < extra.Length; i++)
        {
            bases[i] = bases[i - 1] + (1 << extra[i - 1]);
        }

        return bases;
    }
}
