using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Images.Compressed;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Gzip;

/// <summary>Makes the index of a file. Points are taken while it is decoded from beginning to end, every few MiB; when
/// they become too many every other one is dropped, so that the distance grows with the content.</summary>
internal sealed class GzipIndexer
{
    private const int FirstDistance = 4 << 20;
    private const int MaxPoints = 16384;
    private const int MaxStates = 40 << 20;

    private readonly ImageOpener _opener;
    private readonly List<SeekPoint> _points = [];
    private long _states;
    private long _distance = FirstDistance;

    private GzipIndexer(ImageOpener opener)
    {
        _opener = opener;
    }

    /// <summary>Goes through the file. Facts: members, bytes behind them.</summary>
    /// <exception cref="ImageFormatException">It is damaged or cut off.</exception>
    public static SeekIndex Build(ImageOpener opener) => new GzipIndexer(opener).Build();

    /// <summary>Tries to go from member to member without decoding them, as bgzip's allow.</summary>
    /// <returns>The index; null when a member is of another kind.</returns>
    public static SeekIndex? TryWalk(BlockSource file)
    {
        List<SeekPoint> points = [];
        Span<byte> header = stackalloc byte[GzipHeader.BlockHeaderLength];
        Span<byte> tail = stackalloc byte[4];
        long offset = 0;
        long content = 0;
        long members = 0;
        SeekPoint part = default;
        while (file.ReadUpTo(offset, header) == header.Length && header.StartsWith(GzipHeader.Magic))
        {
            int length = GzipHeader.BlockLengthOf(header);
            if (length <= header.Length + 8 || length > file.Length - offset)
            {
                return null;
            }

            file.Read(offset + length - 4, tail);
            uint decoded = BinaryPrimitives.ReadUInt32LittleEndian(tail);
            if (decoded > ushort.MaxValue + 1)
            {
                return null;
            }

            part = part with { Length = part.Length + decoded, StoredLength = part.StoredLength + length };
            offset += length;
            content += decoded;
            members++;
            if (part.Length >= FirstDistance / 4)
            {
                points.Add(part);
                part = new(content, 0, offset * 8, 0);
            }
        }

        if (part.Length > 0)
        {
            points.Add(part);
        }

        return points.Count is 0 or > SeekIndex.MaxPoints ? null : new([.. points], [members, file.Length - offset]);
    }

    /// <summary>A decoder that begins at a point of an index.</summary>
    public static GzipDecoder Open(BlockSource file, SeekPoint point)
    {
        long end = point.StoredLength == 0 ? file.Length : point.StoredOffset + point.StoredLength;
        GzipReader reader = new(file, point.StoredOffset, end);
        if (point.State is { } state)
        {
            byte[] window = new byte[BlockInflater.WindowLength];
            int length = state.Length == 0 ? 0 : DeflateDecoder.DecodePrefix(state, window);
            if (length < 0)
            {
                ImageFormatException.Throw(
                    GzipFormat.Info.Id, point.StoredOffset, "the index that was kept is damaged");
            }

            reader.Resume((int)(point.StoredBits & 7), window.AsSpan(0, length));
        }

        return new(reader);
    }

    private SeekIndex Build()
    {
        BlockSource file = _opener.Content;
        GzipReader reader = new(file, 0, file.Length);
        SeekPoint next = default;
        Crc32 crc = new();
        long offset = 0;
        try
        {
            while (true)
            {
                ReadOnlySpan<byte> piece = reader.Next();
                if (piece.IsEmpty)
                {
                    break;
                }

                crc.Append(piece);
                offset += piece.Length;
                if (reader.IsAtPoint && offset - next.Offset >= _distance)
                {
                    Add(next with { Length = offset - next.Offset, Check = crc.GetCurrentHashAsUInt32() });
                    crc.Reset();
                    next = new(offset, 0, reader.BitOffset, 0)
                    {
                        State = reader.IsBetweenMembers ? null : Pack(reader.Window),
                    };
                    _opener.Progress?.Invoke(reader.BitOffset / 8, file.Length);
                }
            }
        }
        catch (ImageFormatException error)
        {
            throw CompressedImage.Append(error, $"; {offset} bytes of content could be decoded before");
        }

        if (offset == 0)
        {
            ImageFormatException.Throw(GzipFormat.Info.Id, 0, "the file holds nothing");
        }

        if (offset > next.Offset)
        {
            Add(next with { Length = offset - next.Offset, Check = crc.GetCurrentHashAsUInt32() });
        }

        return new([.. _points], [reader.MemberCount, reader.TrailingLength]);
    }

    private void Add(in SeekPoint point)
    {
        _points.Add(point);
        _states += point.State?.Length ?? 0;
        if (_points.Count < MaxPoints && _states < MaxStates)
        {
            return;
        }

        _distance *= 2;
        Thin();
    }

    private void Thin()
    {
        List<SeekPoint> kept = [];
        foreach (SeekPoint point in _points)
        {
            if (kept.Count > 0 && kept[^1].Length + point.Length <= _distance * 2 && kept[^1].Length < _distance)
            {
                SeekPoint last = kept[^1];
                uint check = Crc32Sum.Combine(last.Check!.Value, point.Check!.Value, point.Length);
                kept[^1] = last with { Length = last.Length + point.Length, Check = check };
            }
            else
            {
                kept.Add(point);
            }
        }

        _points.Clear();
        _points.AddRange(kept);
        _states = kept.Sum(point => (long)(point.State?.Length ?? 0));
    }

    private static byte[] Pack(ReadOnlySpan<byte> window)
    {
        using MemoryStream packed = new();
        using (DeflateStream stream = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(window);
        }

        return packed.ToArray();
    }
}
