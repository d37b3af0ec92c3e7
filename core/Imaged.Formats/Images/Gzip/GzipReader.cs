using System.Buffers.Binary;
using System.IO.Hashing;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Gzip;

/// <summary>The members of a file one behind the other, decoded in one direction. The checksum and length of each
/// member are verified that was decoded from its beginning on.</summary>
internal sealed class GzipReader
{
    private const int TrailerLength = 8;

    private readonly StreamInput _input;
    private readonly BlockInflater _inflater;
    private readonly Crc32 _crc = new();
    private readonly long _end;
    private bool _isInside;
    private bool _isWhole;
    private uint _length;

    /// <summary>A reader that begins at a member; does not own the file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Byte offset of the member.</param>
    /// <param name="end">Where to stop, in bytes.</param>
    public GzipReader(BlockSource file, long offset, long end)
    {
        _end = end;
        _input = new(file, offset, end);
        _inflater = new(GzipFormat.Info.Id, _input);
    }

    /// <summary>Members that have ended.</summary>
    public long MemberCount { get; private set; }

    /// <summary>Whether nothing of a member was read yet, or the last one has ended.</summary>
    public bool IsBetweenMembers => !_isInside;

    /// <summary>Whether decoding can begin here: between two members, or between two blocks of one.</summary>
    public bool IsAtPoint => !_isInside || _inflater.IsBetweenBlocks;

    /// <summary>Bits of the file before the next one that is decoded.</summary>
    public long BitOffset => _isInside ? _inflater.BitOffset : _input.Offset * 8;

    /// <summary>The last bytes of the content, up to 32 KiB.</summary>
    public ReadOnlySpan<byte> Window => _inflater.Window;

    /// <summary>Bytes that follow the last member; known at the end.</summary>
    public long TrailingLength { get; private set; }

    /// <summary>Goes on inside a member.</summary>
    /// <param name="skip">Bits of the first byte that are not its.</param>
    /// <param name="window">The content before.</param>
    public void Resume(int skip, ReadOnlySpan<byte> window)
    {
        _inflater.Resume(skip, window);
        _isInside = true;
        _isWhole = false;
    }

    /// <summary>Decodes a piece.</summary>
    /// <returns>The bytes, good until the next call; none at the end alone.</returns>
    /// <exception cref="ImageFormatException">A member is damaged or cut off.</exception>
    public ReadOnlySpan<byte> Next()
    {
        while (_isInside || TryBegin())
        {
            ReadOnlySpan<byte> bytes = _inflater.Next();
            if (_isWhole)
            {
                _crc.Append(bytes);
                _length = unchecked(_length + (uint)bytes.Length);
            }

            if (_inflater.IsAtEnd)
            {
                EndMember();
            }

            if (!bytes.IsEmpty)
            {
                return bytes;
            }
        }

        return [];
    }

    private bool TryBegin()
    {
        if (_input.Rest.Length < GzipHeader.FixedLength)
        {
            _input.Fill();
        }

        // Tapes pad with zeros; whatever follows the members is none of gzip's business.
        if (_input.IsAtEnd || (MemberCount > 0 && !_input.Rest.StartsWith(GzipHeader.Magic)))
        {
            TrailingLength = _end - _input.Offset;
            return false;
        }

        GzipHeader.Read(_input);
        _inflater.Begin();
        _crc.Reset();
        _length = 0;
        _isInside = true;
        _isWhole = true;
        return true;
    }

    private void EndMember()
    {
        long offset = _input.Offset;
        Span<byte> trailer = stackalloc byte[TrailerLength];
        if (_input.Read(trailer) < trailer.Length)
        {
            ImageFormatException.Throw(
                GzipFormat.Info.Id, _input.Offset, "the file is cut off before the checksum of a member");
        }

        if (_isWhole)
        {
            if (_crc.GetCurrentHashAsUInt32() != BinaryPrimitives.ReadUInt32LittleEndian(trailer))
            {
                ImageFormatException.Throw(GzipFormat.Info.Id, offset, "the CRC-32 of a member is wrong");
            }

            if (_length != BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]))
            {
                ImageFormatException.Throw(
                    GzipFormat.Info.Id, offset + 4, "a member has another length than its end says");
            }
        }

        _isInside = false;
        MemberCount++;
    }
}
