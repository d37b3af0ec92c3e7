using Imaged.Formats.Model;

namespace Imaged.Formats.Codecs;

/// <summary>Files of compress(1): the method of Lempel, Ziv and Welch with codes of growing width, lowest bit first.
/// Codes are written in groups of eight; when the width changes the rest of a group is skipped.</summary>
internal sealed class LzwDecoder : ForwardDecoder
{
    /// <summary>Bytes of the header: magic, parameters.</summary>
    public const int HeaderLength = 3;

    /// <summary>Bits of the parameters that are the largest width.</summary>
    public const int WidthMask = 0x1f;

    private const int BlockMode = 0x80;
    private const int Reserved = 0x60;
    private const int MinWidth = 9;
    private const int MaxWidth = 16;
    private const int ClearCode = 256;
    private const int Group = 8;

    private readonly string _format;
    private readonly StreamInput _input;
    private readonly ushort[] _prefixes = new ushort[1 << MaxWidth];
    private readonly byte[] _suffixes = new byte[1 << MaxWidth];

    // A string, its last byte first, as far as it is not written yet.
    private readonly byte[] _string = new byte[1 << MaxWidth];
    private readonly int _maxWidth;
    private readonly bool _hasClear;
    private int _stringLength;
    private int _width = MinWidth;
    private int _free;
    private int _last = -1;
    private byte _first;
    private uint _bits;
    private int _bitCount;
    private long _codes;
    private bool _isAtEnd;

    /// <summary>A decoder of a file with a right header, which ends with the input.</summary>
    public LzwDecoder(string format, StreamInput input)
    {
        _format = format;
        _input = input;
        Span<byte> header = stackalloc byte[HeaderLength];
        _input.Read(header);
        _maxWidth = header[2] & WidthMask;
        _hasClear = (header[2] & BlockMode) != 0;
        _free = _hasClear ? ClearCode + 1 : ClearCode;
    }

    /// <summary>The first bytes.</summary>
    public static ReadOnlySpan<byte> Magic => [0x1f, 0x9d];

    /// <summary>Whether the third byte is one that compress writes.</summary>
    public static bool IsParameters(byte value) =>
        (value & Reserved) == 0 && (value & WidthMask) is >= MinWidth and <= MaxWidth;

    /// <inheritdoc/>
    public override int Read(Span<byte> destination)
    {
        int done = 0;
        while (done < destination.Length)
        {
            if (_stringLength == 0 && !TryDecodeCode())
            {
                break;
            }

            while (_stringLength > 0 && done < destination.Length)
            {
                destination[done++] = _string[--_stringLength];
            }
        }

        return done;
    }

    private bool TryDecodeCode()
    {
        while (!_isAtEnd)
        {
            if (_free > (1 << _width) - 1 && _width < _maxWidth)
            {
                SkipGroup();
                _width++;
            }

            int code = ReadCode();
            if (code < 0)
            {
                break;
            }

            if (_last < 0)
            {
                if (code > byte.MaxValue)
                {
                    ThrowDamaged();
                }
            }
            else if (code == ClearCode && _hasClear)
            {
                SkipGroup();
                _width = MinWidth;
                _free = ClearCode;
                continue;
            }

            Expand(code);
            return true;
        }

        return false;
    }

    private void Expand(int code)
    {
        int at = code;
        if (code >= _free && _last >= 0)
        {
            // The string that is being made by this very code.
            if (code > _free)
            {
                ThrowDamaged();
            }

            _string[_stringLength++] = _first;
            at = _last;
        }

        while (at > byte.MaxValue)
        {
            // Prefixes are older than what they begin, so that this ends.
            _string[_stringLength++] = _suffixes[at];
            at = _prefixes[at];
        }

        _first = (byte)at;
        _string[_stringLength++] = _first;
        if (_last >= 0 && _free < 1 << _maxWidth)
        {
            _prefixes[_free] = (ushort)_last;
            _suffixes[_free] = _first;
            _free++;
        }

        _last = code;
    }

    private int ReadCode()
    {
        while (_bitCount < _width)
        {
            int value = _input.ReadByte();
            if (value < 0)
            {
                _isAtEnd = true;
                return -1;
            }

            _bits |= (uint)value << _bitCount;
            _bitCount += 8;
        }

        int code = (int)(_bits & ((1u << _width) - 1));
        _bits >>= _width;
        _bitCount -= _width;
        _codes++;
        return code;
    }

    private void SkipGroup()
    {
        while (_codes % Group != 0 && ReadCode() >= 0)
        {
        }

        _codes = 0;
    }

    private void ThrowDamaged() =>
        ImageFormatException.Throw(_format, _input.Offset, "a code stands for nothing: the file is damaged");
}
