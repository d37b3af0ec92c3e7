namespace Imaged.Formats.Codecs;

/// <summary>The part that all the time goes into.</summary>
internal sealed partial class BlockInflater
{
    // Until the block ends or the piece is full.
    private unsafe void DecodeCodes()
    {
        fixed (uint* literals = _literals.Entries, distances = _distances.Entries)
        fixed (byte* input = _input.Buffer, output = _output)
        {
            bool isOpen = true;
            while (isOpen && _to < WindowLength + PieceLength)
            {
                if (_input.End - _input.Next < 8)
                {
                    CheckInput();
                    _input.Fill();
                }

                // At the end of the input the zeros behind it are read, once for each turn.
                byte* last = input + Math.Max(_input.Next, _input.End - 8);
                isOpen = DecodeRun(literals, distances, input, last, output);
            }
        }
    }

    // Returns whether the block goes on.
    private unsafe bool DecodeRun(uint* literals, uint* distances, byte* input, byte* last, byte* output)
    {
        unchecked
        {
            const uint RootMask = (1 << 11) - 1;
            const uint DistanceMask = (1 << 9) - 1;
            byte* from = input + _input.Next;
            byte* to = output + _to;
            byte* full = output + WindowLength + PieceLength;
            ulong bits = _bits;
            int count = _bitCount;
            bool isOpen = true;
            bool isDamaged = false;
            do
            {
                bits |= *(ulong*)from << count;
                from += (63 - count) >> 3;
                count |= 56;
                uint entry = literals[bits & RootMask];
                if ((entry & InflateTable.KindMask) == InflateTable.Literal)
                {
                    bits >>= (int)(entry & 15);
                    count -= (int)(entry & 15);
                    *to++ = (byte)(entry >> 16);
                    entry = literals[bits & RootMask];
                    if ((entry & InflateTable.KindMask) == InflateTable.Literal)
                    {
                        bits >>= (int)(entry & 15);
                        count -= (int)(entry & 15);
                        *to++ = (byte)(entry >> 16);
                    }

                    continue;
                }

                if ((entry & InflateTable.KindMask) == InflateTable.Second)
                {
                    entry = literals[(entry >> 16) + ((bits >> 11) & 15)];
                }

                bits >>= (int)(entry & 15);
                count -= (int)(entry & 15);
                uint kind = entry & InflateTable.KindMask;
                if (kind == InflateTable.Literal)
                {
                    *to++ = (byte)(entry >> 16);
                    continue;
                }

                if (kind == InflateTable.Special)
                {
                    isDamaged = entry >> 16 != 0;
                    isOpen = false;
                    break;
                }

                int extra = (int)((entry >> 4) & 15);
                int length = (int)(entry >> 16) + (int)(bits & ((1UL << extra) - 1));
                bits >>= extra;
                entry = distances[bits & DistanceMask];
                if ((entry & InflateTable.KindMask) == InflateTable.Second)
                {
                    entry = distances[(entry >> 16) + ((bits >> 9) & 63)];
                }

                bits >>= (int)(entry & 15);
                count -= extra + (int)(entry & 15);
                extra = (int)((entry >> 4) & 15);
                long distance = (int)(entry >> 16) + (int)(bits & ((1UL << extra) - 1));
                bits >>= extra;
                count -= extra;
                if ((entry & InflateTable.KindMask) != InflateTable.Base || distance > to - output)
                {
                    isDamaged = true;
                    break;
                }

                CopyMatch(to, distance, length);
                to += length;
            }
            while (from <= last && to < full);

            _input.Next = (int)(from - input);
            _to = (int)(to - output);
            _bits = bits;
            _bitCount = count;
            if (isDamaged)
            {
                CheckInput();
                ThrowDamaged();
            }

            if (!isOpen)
            {
                EndBlock();
            }

            return isOpen;
        }
    }

    // May write up to seven bytes more.
    private static unsafe void CopyMatch(byte* to, long distance, int length)
    {
        unchecked
        {
            byte* from = to - distance;
            byte* end = to + length;
            if (distance >= 8)
            {
                do
                {
                    *(ulong*)to = *(ulong*)from;
                    to += 8;
                    from += 8;
                }
                while (to < end);
            }
            else if (distance == 1)
            {
                new Span<byte>(to, length).Fill(*from);
            }
            else
            {
                do
                {
                    *to++ = *from++;
                }
                while (to < end);
            }
        }
    }
}
