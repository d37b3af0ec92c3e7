using System.Buffers.Binary;

namespace Imaged.Formats.Codecs;

/// <summary>Reads a bit stream of LZFSE from its end to its beginning: the payload is one little-endian number whose
/// top bits come first. Running out shows in <see cref="IsExhausted"/>, not in what is read.</summary>
internal ref struct LzfseBits
{
    private readonly ReadOnlySpan<byte> _payload;
    private ulong _bits;
    private int _count;
    private int _rest;

    /// <summary>A reader at the end of <paramref name="payload"/>.</summary>
    /// <param name="payload">The bytes of the stream.</param>
    /// <param name="unused">How many of the topmost bits are no part of the stream, 0 to 7; they must be zero.</param>
    public LzfseBits(ReadOnlySpan<byte> payload, int unused)
    {
        _payload = payload;
        _rest = payload.Length;
        Fill();
        if (Pull(unused) != 0)
        {
            _count = -1;
        }
    }

    /// <summary>Whether more bits were pulled than there are.</summary>
    public readonly bool IsExhausted => _count < 0;

    /// <summary>Makes 56 bits available, or all that are left.</summary>
    public void Fill()
    {
        unchecked
        {
            if (_count < 0)
            {
                return;
            }

            int bytes = (63 - _count) >> 3;
            if (_rest >= 8 && bytes > 0)
            {
                ulong next = BinaryPrimitives.ReadUInt64LittleEndian(_payload[(_rest - 8)..]);
                _bits = (_bits << (8 * bytes)) | (next >> (64 - (8 * bytes)));
                _rest -= bytes;
                _count += 8 * bytes;
                return;
            }

            for (; bytes > 0 && _rest > 0; bytes--)
            {
                _bits = (_bits << 8) | _payload[--_rest];
                _count += 8;
            }
        }
    }

    /// <summary>The next bits, as a number.</summary>
    /// <param name="count">At most 31; all pulls since <see cref="Fill"/> at most 56. More than are left gives
    /// nonsense and exhausts the stream.</param>
    public int Pull(int count)
    {
        unchecked
        {
            _count -= count;
            ulong value = _bits >> _count;
            _bits &= (1UL << _count) - 1;
            return (int)value;
        }
    }
}
