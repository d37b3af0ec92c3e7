namespace Imaged.Formats.Codecs;

/// <summary>Decodes one frame of FLAC (RFC 9639 section 9).</summary>
internal static class FlacFrame
{
    private const int MaxOrder = 32;

    // A quotient of a Rice code above this gives a residual of more than 32 bits, whatever its parameter.
    private const int MaxQuotient = 1 << 26;

    /// <summary>Decodes a frame and checks its checksum.</summary>
    /// <param name="source">The bytes from the frame on.</param>
    /// <param name="header">Its header.</param>
    /// <param name="samples">Room for all its samples: those of one channel behind those of the one before.</param>
    /// <param name="length">Bytes of the frame.</param>
    /// <returns>False when the frame is damaged.</returns>
    public static bool TryDecode(
        ReadOnlySpan<byte> source, in FlacFrameHeader header, Span<int> samples, out int length)
    {
        BitReader bits = new(source[header.Length..]);
        length = 0;
        for (int channel = 0; channel < header.Channels; channel++)
        {
            bool isSide = header.Assignment switch
            {
                FlacAssignment.SideRight => channel == 0,
                FlacAssignment.LeftSide or FlacAssignment.MidSide => channel == 1,
                _ => false,
            };
            Span<int> block = samples.Slice(channel * header.BlockLength, header.BlockLength);
            if (!TryReadSubframe(ref bits, header.SampleBits + (isSide ? 1 : 0), block))
            {
                return false;
            }
        }

        bits.Align();
        int end = header.Length + bits.Position;
        if (bits.Read(16) != FlacCrc.Compute16(source[..Math.Min(end, source.Length)]) || bits.IsExhausted)
        {
            return false;
        }

        Join(header.Assignment, samples[..header.BlockLength], samples[header.BlockLength..]);
        length = end + 2;
        return true;
    }

    private static bool TryReadSubframe(ref BitReader bits, int sampleBits, Span<int> block)
    {
        if (bits.Read(1) != 0)
        {
            return false;
        }

        int type = (int)bits.Read(6);
        int wasted = bits.Read(1) == 0 ? 0 : bits.ReadUnary(sampleBits) + 1;
        sampleBits -= wasted;
        if (sampleBits < 1 || bits.IsExhausted)
        {
            return false;
        }

        bool isGood = type switch
        {
            0 => TryReadConstant(ref bits, sampleBits, block),
            1 => TryReadVerbatim(ref bits, sampleBits, block),
            >= 8 and <= 12 => TryReadFixed(ref bits, sampleBits, type - 8, block),
            >= 32 => TryReadLinear(ref bits, sampleBits, type - 31, block),
            _ => false,
        };
        for (int i = 0; wasted > 0 && i < block.Length; i++)
        {
            block[i] <<= wasted;
        }

        return isGood && !bits.IsExhausted;
    }

    private static bool TryReadConstant(ref BitReader bits, int sampleBits, Span<int> block)
    {
        block.Fill(bits.ReadSigned(sampleBits));
        return true;
    }

    private static bool TryReadVerbatim(ref BitReader bits, int sampleBits, Span<int> block)
    {
        for (int i = 0; i < block.Length && !bits.IsExhausted; i++)
        {
            block[i] = bits.ReadSigned(sampleBits);
        }

        return true;
    }

    private static bool TryReadFixed(ref BitReader bits, int sampleBits, int order, Span<int> block)
    {
        if (order > block.Length)
        {
            return false;
        }

        _ = TryReadVerbatim(ref bits, sampleBits, block[..order]);
        if (!TryReadResidual(ref bits, order, block))
        {
            return false;
        }

        unchecked
        {
            for (int i = order; i < block.Length; i++)
            {
                block[i] += order switch
                {
                    0 => 0,
                    1 => block[i - 1],
                    2 => (2 * block[i - 1]) - block[i - 2],
                    3 => (3 * block[i - 1]) - (3 * block[i - 2]) + block[i - 3],
                    _ => (4 * block[i - 1]) - (6 * block[i - 2]) + (4 * block[i - 3]) - block[i - 4],
                };
            }
        }

        return true;
    }

    private static bool TryReadLinear(ref BitReader bits, int sampleBits, int order, Span<int> block)
    {
        if (order > block.Length)
        {
            return false;
        }

        _ = TryReadVerbatim(ref bits, sampleBits, block[..order]);
        int precision = (int)bits.Read(4) + 1;
        int shift = bits.ReadSigned(5);
        if (precision > 15 || shift < 0)
        {
            return false;
        }

        // The first one belongs to the sample just before.
        Span<int> all = stackalloc int[MaxOrder];
        Span<int> factors = all[..order];
        for (int i = order - 1; i >= 0; i--)
        {
            factors[i] = bits.ReadSigned(precision);
        }

        if (!TryReadResidual(ref bits, order, block))
        {
            return false;
        }

        unchecked
        {
            for (int i = order; i < block.Length; i++)
            {
                ReadOnlySpan<int> before = block.Slice(i - order, order);
                long sum = 0;
                for (int k = 0; k < before.Length; k++)
                {
                    sum += (long)factors[k] * before[k];
                }

                block[i] += (int)(sum >> shift);
            }
        }

        return true;
    }

    // Rice codes in partitions, each with a parameter of its own.
    private static bool TryReadResidual(ref BitReader bits, int order, Span<int> block)
    {
        int method = (int)bits.Read(2);
        int partitionOrder = (int)bits.Read(4);
        int partition = block.Length >> partitionOrder;
        if (method > 1 || partition << partitionOrder != block.Length || partition < order)
        {
            return false;
        }

        int parameterBits = 4 + method;
        int begin = order;
        for (int end = partition; end <= block.Length && !bits.IsExhausted; end += partition)
        {
            int parameter = (int)bits.Read(parameterBits);
            Span<int> part = block[begin..end];
            if (parameter == (1 << parameterBits) - 1)
            {
                _ = TryReadVerbatim(ref bits, (int)bits.Read(5), part);
            }
            else
            {
                ReadRice(ref bits, parameter, part);
            }

            begin = end;
        }

        return !bits.IsExhausted;
    }

    private static void ReadRice(ref BitReader bits, int parameter, Span<int> part)
    {
        for (int i = 0; i < part.Length && !bits.IsExhausted; i++)
        {
            unchecked
            {
                uint folded = ((uint)bits.ReadUnary(MaxQuotient) << parameter) | bits.Read(parameter);
                part[i] = (int)(folded >> 1) ^ -(int)(folded & 1);
            }
        }
    }

    private static void Join(FlacAssignment assignment, Span<int> first, Span<int> second)
    {
        unchecked
        {
            for (int i = 0; assignment != FlacAssignment.Independent && i < first.Length; i++)
            {
                int a = first[i];
                int b = second[i];
                switch (assignment)
                {
                    case FlacAssignment.LeftSide:
                        second[i] = a - b;
                        break;
                    case FlacAssignment.SideRight:
                        first[i] = a + b;
                        break;
                    default:
                        // The lowest bit of the sum is that of the difference.
                        int sum = (a << 1) | (b & 1);
                        first[i] = (sum + b) >> 1;
                        second[i] = (sum - b) >> 1;
                        break;
                }
            }
        }
    }
}
