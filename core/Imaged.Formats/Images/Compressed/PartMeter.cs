using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Compressed;

/// <summary>Finds out how long the parts of a file are by decoding them all, and spools what they decode to.</summary>
internal sealed class PartMeter
{
    private readonly ImageOpener _opener;
    private readonly string _format;
    private readonly ISpool _spool;
    private readonly Func<SeekPoint, ForwardDecoder> _open;
    private readonly byte[] _piece = new byte[1 << 20];
    private long _offset;
    private bool _isSpoolFull;

    /// <summary>As of <see cref="CompressedImage.OpenMeasured"/>; the spool stays the caller's.</summary>
    public PartMeter(ImageOpener opener, string format, ISpool spool, Func<SeekPoint, ForwardDecoder> open)
    {
        _opener = opener;
        _format = format;
        _spool = spool;
        _open = open;
    }

    /// <summary>Decodes them; those that hold nothing are left out.</summary>
    /// <param name="parts">The parts.</param>
    /// <param name="spooled">Bytes from the beginning that are in the spool now.</param>
    public List<SeekPoint> Measure(IReadOnlyList<SeekPoint> parts, out long spooled)
    {
        List<SeekPoint> found = [];
        spooled = 0;
        try
        {
            foreach (SeekPoint part in parts)
            {
                long begin = _offset;
                using ForwardDecoder decoder = _open(part);
                int count;
                do
                {
                    count = decoder.Read(_piece);
                    spooled = Spool(_piece.AsSpan(0, count), spooled);
                    _offset += count;
                    _opener.Progress?.Invoke(part.StoredOffset, _opener.Content.Length);
                }
                while (count == _piece.Length);
                if (_offset > begin)
                {
                    found.Add(part with { Offset = begin, Length = _offset - begin });
                }
            }
        }
        catch (ImageFormatException error)
        {
            throw CompressedImage.Append(error, $"; {_offset} bytes of content could be decoded before");
        }

        if (found.Count == 0)
        {
            ImageFormatException.Throw(_format, 0, "the file holds nothing");
        }

        return found;
    }

    private long Spool(ReadOnlySpan<byte> piece, long spooled)
    {
        if (_isSpoolFull)
        {
            return spooled;
        }

        try
        {
            if (piece.ContainsAnyExcept((byte)0))
            {
                _spool.Write(_offset, piece);
            }

            return _offset + piece.Length;
        }
        catch (IOException)
        {
            _isSpoolFull = true;
            return spooled;
        }
    }
}
