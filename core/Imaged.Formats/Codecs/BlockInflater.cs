using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Codecs;

/// <summary>A deflate stream (RFC 1951), decoded piece by piece in one direction. It tells between which bits of the
/// input one block ends and the next begins: decoding can go on from there with the last 32 KiB of output, which the
/// base library's decoder offers no way to do.</summary>
internal sealed partial class BlockInflater
{
    /// <summary>How far back a match reaches, in bytes.</summary>
    public const int WindowLength = 32768;

    private const int PieceLength = 1 << 18;
    private const int MaxMatch = 258;
    private const int EndOfBlock = 256;

    // A match may be copied in steps of eight bytes.
    private const int Slack = MaxMatch + 8;

    private readonly string _format;
    private readonly StreamInput _input;
    private readonly byte[] _output = new byte[WindowLength + PieceLength + Slack];
    private readonly InflateTable _literals = InflateTable.ForLiterals();
    private readonly InflateTable _distances = InflateTable.ForDistances();
    private State _state;
    private bool _isLast;
    private int _stored;
    private int _to;
    private ulong _bits;
    private int _bitCount;

    /// <summary>A decoder of the stream that begins at the next byte of the input.</summary>
    /// <param name="format">Who asks, for errors.</param>
    /// <param name="input">Where from; when the stream has ended, it stands behind it.</param>
    public BlockInflater(string format, StreamInput input)
    {
        _format = format;
        _input = input;
    }

    private enum State
    {
        Header,
        Stored,
        Codes,
        End,
    }

    private static ReadOnlySpan<byte> CodeOrder =>
        [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    /// <summary>Whether a block has ended and another one follows.</summary>
    public bool IsBetweenBlocks => _state == State.Header;

    /// <summary>Whether the last block has ended.</summary>
    public bool IsAtEnd => _state == State.End;

    /// <summary>Bits of the file before the next bit.</summary>
    public long BitOffset => (_input.Offset * 8) - _bitCount;

    /// <summary>The last bytes of the output, at most <see cref="WindowLength"/>.</summary>
    public ReadOnlySpan<byte> Window => _output.AsSpan(Math.Max(0, _to - WindowLength), Math.Min(_to, WindowLength));

    /// <summary>Begins a stream at the next byte of the input.</summary>
    public void Begin()
    {
        _state = State.Header;
        _isLast = false;
        _to = 0;
        _bits = 0;
        _bitCount = 0;
    }

    /// <summary>Goes on between two blocks.</summary>
    /// <param name="skip">Bits of the next byte that belong to the block before, 0 to 7.</param>
    /// <param name="window">The output before, at most <see cref="WindowLength"/>.</param>
    public void Resume(int skip, ReadOnlySpan<byte> window)
    {
        Begin();
        window.CopyTo(_output);
        _to = window.Length;
        Take(skip);
    }

    /// <summary>Decodes up to the end of a block, or a piece of one.</summary>
    /// <returns>The bytes, good until the next call; none when the block is empty or the stream has ended.</returns>
    /// <exception cref="ImageFormatException">The stream is damaged or cut off.</exception>
    public ReadOnlySpan<byte> Next()
    {
        if (_to > WindowLength + (PieceLength / 2))
        {
            Window.CopyTo(_output);
            _to = WindowLength;
        }

        int from = _to;
        if (_state == State.Header)
        {
            ReadBlockHeader();
        }

        if (_state == State.Stored)
        {
            CopyStored();
        }
        else if (_state == State.Codes)
        {
            DecodeCodes();
        }

        return _output.AsSpan(from, _to - from);
    }

    private void ReadBlockHeader()
    {
        _isLast = Take(1) == 1;
        switch (Take(2))
        {
            case 0:
                Align();
                _stored = Take(16);
                if ((_stored ^ Take(16)) != 0xffff)
                {
                    ThrowDamaged();
                }

                Align();
                _state = State.Stored;
                break;
            case 1:
                BuildFixed();
                _state = State.Codes;
                break;
            case 2:
                ReadCodes();
                _state = State.Codes;
                break;
            default:
                ThrowDamaged();
                break;
        }
    }

    private void EndBlock()
    {
        CheckInput();
        _state = State.Header;
        if (_isLast)
        {
            Align();
            _state = State.End;
        }
    }

    // To the next byte; what was taken from the input too early is given back.
    private void Align()
    {
        _input.Next -= _bitCount >> 3;
        _bits = 0;
        _bitCount = 0;
    }

    private void CopyStored()
    {
        int count = Math.Min(_stored, WindowLength + PieceLength - _to);
        int done = _input.Read(_output.AsSpan(_to, count));
        if (done < count)
        {
            ThrowCutOff();
        }

        _to += done;
        _stored -= done;
        if (_stored == 0)
        {
            EndBlock();
        }
    }

    private void BuildFixed()
    {
        Span<byte> lengths = stackalloc byte[288];
        lengths[..144].Fill(8);
        lengths[144..256].Fill(9);
        lengths[256..280].Fill(7);
        lengths[280..].Fill(8);
        _literals.TryBuild(lengths);
        lengths[..32].Fill(5);
        _distances.TryBuild(lengths[..32]);
    }

    // Section 3.2.7.
    private void ReadCodes()
    {
        int literals = Take(5) + 257;
        int distances = Take(5) + 1;
        int count = Take(4) + 4;
        Span<byte> lengths = stackalloc byte[288 + 32];
        lengths.Clear();
        for (int i = 0; i < count; i++)
        {
            lengths[CodeOrder[i]] = (byte)Take(3);
        }

        // The code of the lengths has symbols below 19 only, for which the table of literals does.
        if (literals > 286 || distances > 30 || !_literals.TryBuild(lengths[..19]))
        {
            ThrowDamaged();
        }

        lengths.Clear();
        for (int i = 0; i < literals + distances;)
        {
            int symbol = TakeSymbol();
            (byte value, int repeat) = symbol switch
            {
                < 16 => ((byte)symbol, 1),
                16 when i > 0 => (lengths[i - 1], 3 + Take(2)),
                17 => ((byte)0, 3 + Take(3)),
                18 => ((byte)0, 11 + Take(7)),
                _ => ((byte)0, int.MaxValue),
            };
            if (repeat > literals + distances - i)
            {
                ThrowDamaged();
            }

            lengths.Slice(i, repeat).Fill(value);
            i += repeat;
        }

        if (lengths[EndOfBlock] == 0 || !_literals.TryBuild(lengths[..literals])
            || !_distances.TryBuild(lengths.Slice(literals, distances)))
        {
            ThrowDamaged();
        }
    }

    private int TakeSymbol()
    {
        Refill();
        uint entry = _literals.Entries[_bits & ((1u << _literals.RootBits) - 1)];
        if ((entry & InflateTable.KindMask) != InflateTable.Literal)
        {
            ThrowDamaged();
        }

        Take((int)(entry & 15));
        return (int)(entry >> 16);
    }

    private int Take(int count)
    {
        if (_bitCount < count)
        {
            Refill();
        }

        int value = (int)(_bits & ((1u << count) - 1));
        _bits >>= count;
        _bitCount -= count;
        return value;
    }

    // Afterwards there are 56 bits; behind the end of the input they are zeros, which are missed when they are used.
    private void Refill()
    {
        if (_input.End - _input.Next < 8)
        {
            CheckInput();
            _input.Fill();
        }

        unchecked
        {
            _bits |= BinaryPrimitives.ReadUInt64LittleEndian(_input.Buffer.AsSpan(_input.Next)) << _bitCount;
            _input.Next += (63 - _bitCount) >> 3;
            _bitCount |= 56;
        }
    }

    private void CheckInput()
    {
        if (_input.Next - (_bitCount >> 3) > _input.End)
        {
            ThrowCutOff();
        }
    }

    private void ThrowDamaged() =>
        ImageFormatException.Throw(_format, BitOffset >> 3, "the deflate data is damaged");

    private void ThrowCutOff() =>
        ImageFormatException.Throw(_format, _input.Offset, "the file is cut off in the middle of the deflate data");
}
