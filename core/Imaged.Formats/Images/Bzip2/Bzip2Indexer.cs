using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Images.Compressed;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Bzip2;

/// <summary>Makes the index of a file: every block is a point. What a block decodes to only decoding tells, so that the
/// file is gone through once.</summary>
internal sealed class Bzip2Indexer
{
    // A block of 900,000 bytes at eleven bits for each of them and the tables before.
    private const long MaxBlockBits = 2L << 23;

    // How often 48 bits of a block may look like a mark.
    private const int MaxFalseMarks = 2;

    private readonly ImageOpener _opener;
    private readonly BlockSource _file;
    private readonly Bzip2Bits _bits;
    private readonly byte[] _buffer = new byte[1 << 18];
    private readonly List<SeekPoint> _points = [];
    private long _content;

    private Bzip2Indexer(ImageOpener opener)
    {
        _opener = opener;
        _file = opener.Content;
        _bits = new(_file);
    }

    /// <summary>Goes through the file. Facts: streams, bytes behind them.</summary>
    /// <exception cref="ImageFormatException">It is damaged or cut off.</exception>
    public static SeekIndex Build(ImageOpener opener) => new Bzip2Indexer(opener).Build();

    /// <summary>A decoder of the block at a point, whose last bit is in its state.</summary>
    public static Bzip2StreamDecoder Open(BlockSource file, SeekPoint point)
    {
        long end = (point.StoredOffset + point.StoredLength) * 8;
        end -= point.State is [< 8 and var spare] ? spare : 0;
        if (end - point.StoredBits is < Bzip2Stream.MarkBits + Bzip2Stream.CheckBits or > MaxBlockBits)
        {
            ImageFormatException.Throw(Bzip2Format.Info.Id, point.StoredOffset, "the index that was kept is damaged");
        }

        return new(Bzip2Format.Info.Id, point.StoredOffset, new Bzip2Bits(file).Extract(point.StoredBits, end));
    }

    private SeekIndex Build()
    {
        long offset = 0;
        long streams = 0;
        byte[] header = new byte[Bzip2Stream.HeaderLength];
        try
        {
            while (_file.ReadUpTo(offset, header) == header.Length && Bzip2Stream.IsHeader(header))
            {
                offset = AddStream(offset);
                streams++;
            }
        }
        catch (ImageFormatException error)
        {
            throw CompressedImage.Append(error, $"; {_content} bytes of content could be decoded before");
        }

        if (_points.Count == 0)
        {
            ImageFormatException.Throw(
                Bzip2Format.Info.Id, 0, streams == 0 ? "no stream begins here" : "the file holds nothing");
        }

        return new([.. _points], [streams, _file.Length - offset]);
    }

    // Returns where the stream ends.
    private long AddStream(long offset)
    {
        long bit = (offset + Bzip2Stream.HeaderLength) * 8;
        uint sum = 0;
        while (_bits.Read(bit, Bzip2Stream.MarkBits) == Bzip2Stream.BlockMark)
        {
            uint check = (uint)_bits.Read(bit + Bzip2Stream.MarkBits, Bzip2Stream.CheckBits);
            sum = ((sum << 1) | (sum >> 31)) ^ check;
            bit = AddBlock(bit);
        }

        if (_bits.Read(bit, Bzip2Stream.MarkBits) != Bzip2Stream.EndMark)
        {
            Throw(bit, "no block begins here, and no stream ends: the file is cut off or damaged");
        }

        bit += Bzip2Stream.MarkBits;
        if (bit + Bzip2Stream.CheckBits > _file.Length * 8)
        {
            Throw(bit, "the file is cut off before the CRC of a stream");
        }

        if (_bits.Read(bit, Bzip2Stream.CheckBits) != sum)
        {
            Throw(bit, "the CRC of a stream is not that of its blocks");
        }

        return (bit + Bzip2Stream.CheckBits + 7) / 8;
    }

    // Returns where the block ends.
    private long AddBlock(long bit)
    {
        long search = bit + Bzip2Stream.MarkBits;
        ImageFormatException? first = null;
        for (int i = 0; i <= MaxFalseMarks; i++)
        {
            long end = _bits.FindMark(search, bit + MaxBlockBits, out _);
            if (end < 0)
            {
                break;
            }

            try
            {
                AddBlock(bit, end);
                return end;
            }
            catch (ImageFormatException error)
            {
                // Perhaps it looked like a mark only.
                first ??= error;
                search = end + 1;
            }
        }

        if (first is null)
        {
            Throw(bit, "the block that begins here has no end: the file is cut off or damaged");
        }

        throw first!;
    }

    private void AddBlock(long bit, long end)
    {
        using Bzip2StreamDecoder decoder = new(Bzip2Format.Info.Id, bit >> 3, _bits.Extract(bit, end));
        long length = 0;
        int count;
        do
        {
            count = decoder.Read(_buffer);
            length += count;
        }
        while (count == _buffer.Length);
        long storedEnd = (end + 7) / 8;
        if (length > 0)
        {
            _points.Add(new(_content, length, bit, storedEnd - (bit >> 3)) { State = [(byte)((storedEnd * 8) - end)] });
        }

        if (_points.Count > SeekIndex.MaxPoints)
        {
            Throw(bit, $"the file has more than {SeekIndex.MaxPoints} blocks");
        }

        _content += length;
        _opener.Progress?.Invoke(storedEnd, _file.Length);
    }

    private static void Throw(long bit, string message) =>
        ImageFormatException.Throw(Bzip2Format.Info.Id, bit >> 3, message);
}
