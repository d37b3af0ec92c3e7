using System.Buffers.Binary;

namespace Imaged.Formats.Codecs;

/// <summary>Bits of XPRESS and LZX: from 16-bit little-endian words, the most significant bit first. Behind the end
/// there are zeros, which <see cref="IsOverrun"/> tells of.</summary>
internal ref struct WordBits
{
    private const int WordLength = 16;

    private readonly ReadOnlySpan<byte> _source;
    private uint _bits;
    private int _count;
    private int _from;
    private int _missing;

    /// <summary>Begins at the first word.</summary>
    public WordBits(ReadOnlySpan<byte> source)
    {
        _source = source;
        Refill();
    }

    /// <summary>Whether bits were taken that are not there.</summary>
    public readonly bool IsOverrun => _missing * WordLength > _count;

    /// <summary>The next bits, which stay.</summary>
    /// <param name="count">0 to 16.</param>
    public readonly int Peek(int count) => (int)((ulong)_bits >> (32 - count));

    /// <summary>Takes bits.</summary>
    /// <param name="count">0 to 16.</param>
    public void Drop(int count)
    {
        _bits <<= count;
        _count -= count;
        if (_count < WordLength)
        {
            Refill();
        }
    }

    /// <summary>Takes bits as a number.</summary>
    /// <param name="count">0 to 16.</param>
    public int Read(int count)
    {
        int value = Peek(count);
        Drop(count);
        return value;
    }

    /// <summary>Takes a byte that stands between the words, behind those of which at least 16 bits are at
    /// hand.</summary>
    public int ReadByte()
    {
        if (_from >= _source.Length)
        {
            _missing += 2;
            return 0;
        }

        return _source[_from++];
    }

    /// <summary>Leaves the bits up to the next word; a whole word when they end at one already.</summary>
    /// <returns>What follows there.</returns>
    public readonly ReadOnlySpan<byte> Align()
    {
        // At hand are the rest of a word and perhaps one more.
        int begin = _from - ((_count - 1) / WordLength * 2);
        return begin <= _source.Length && begin >= 0 ? _source[begin..] : [];
    }

    private void Refill()
    {
        while (_count < WordLength)
        {
            uint word = 0;
            if (_source.Length - _from >= 2)
            {
                word = BinaryPrimitives.ReadUInt16LittleEndian(_source[_from..]);
                _from += 2;
            }
            else
            {
                _missing++;
            }

            _bits |= word << (WordLength - _count);
            _count += WordLength;
        }
    }
}
