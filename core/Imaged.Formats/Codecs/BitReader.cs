using System.Buffers.Binary;

namespace Imaged.Formats.Codecs;

/// <summary>Reads a bit stream that has the highest bit of each byte first. Behind its end there are zeros; that they
/// were read shows in <see cref="IsExhausted"/>.</summary>
internal ref struct BitReader
{
    private readonly ReadOnlySpan<byte> _source;
    private ulong _bits;
    private int _count;
    private int _next;
    private long _left;

    /// <summary>A reader at the beginning of <paramref name="source"/>.</summary>
    public BitReader(ReadOnlySpan<byte> source)
    {
        _source = source;
        _left = source.Length * 8L;
    }

    /// <summary>Whether more bits were read than there are.</summary>
    public readonly bool IsExhausted => _left < 0;

    /// <summary>Bytes that were read, the last one perhaps in part.</summary>
    public readonly int Position => (int)(((_source.Length * 8L) - _left + 7) / 8);

    /// <summary>The next bits as a number, which stay to be read.</summary>
    /// <param name="count">0 to 32.</param>
    public uint Peek(int count)
    {
        unchecked
        {
            if (_count < count)
            {
                Fill();
            }

            return (uint)(_bits >> 32 >> (32 - count));
        }
    }

    /// <summary>Passes over bits that were peeked at.</summary>
    /// <param name="count">At most as many as in the last <see cref="Peek"/>.</param>
    public void Skip(int count)
    {
        unchecked
        {
            _bits <<= count;
            _count -= count;
            _left -= count;
        }
    }

    /// <summary>The next bits as a number.</summary>
    /// <param name="count">0 to 32.</param>
    public uint Read(int count)
    {
        uint value = Peek(count);
        Skip(count);
        return value;
    }

    /// <summary>The next bits as a number in two's complement.</summary>
    /// <param name="count">0 to 32.</param>
    public int ReadSigned(int count)
    {
        unchecked
        {
            return count == 0 ? 0 : (int)Read(count) << (32 - count) >> (32 - count);
        }
    }

    /// <summary>The number of zeros before the next one, which is passed over as well.</summary>
    /// <param name="limit">Most zeros that make sense; when there are more, or the stream ends, it is
    /// exhausted.</param>
    public int ReadUnary(int limit)
    {
        int zeros = 0;
        while (zeros <= limit && !IsExhausted)
        {
            uint window = Peek(32);
            if (window != 0)
            {
                int run = System.Numerics.BitOperations.LeadingZeroCount(window);
                Skip(run + 1);
                zeros += run;
                break;
            }

            Skip(32);
            zeros += 32;
        }

        if (zeros > limit)
        {
            _left = -1;
        }

        return zeros;
    }

    /// <summary>Passes over what is left of the byte that is being read.</summary>
    public void Align()
    {
        int rest = (int)(_left & 7);
        if (rest > 0)
        {
            _ = Read(rest);
        }
    }

    // Makes at least 32 bits available; those below the counted ones are the right ones or zero.
    private void Fill()
    {
        unchecked
        {
            if (_source.Length - _next >= 8)
            {
                _bits |= BinaryPrimitives.ReadUInt64BigEndian(_source[_next..]) >> _count;
                int bytes = (63 - _count) >> 3;
                _next += bytes;
                _count += bytes * 8;
                return;
            }

            while (_count <= 56)
            {
                ulong value = _next < _source.Length ? _source[_next++] : 0u;
                _bits |= value << (56 - _count);
                _count += 8;
            }
        }
    }
}
