using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Xz;

/// <summary>The blocks of all streams of a file.</summary>
/// <param name="Blocks">In their order; those that decode to nothing are left out.</param>
/// <param name="StreamCount">Streams of the file.</param>
internal sealed record XzIndex(XzBlock[] Blocks, int StreamCount)
{
    private const int MaxStreams = 65536;
    private const int MaxBlocks = 1 << 22;
    private const int MaxPadding = 16 << 20;

    /// <summary>Reads the streams from the last one to the first.</summary>
    /// <exception cref="ImageFormatException">One is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">The blocks of a stream have an unknown check.</exception>
    public static XzIndex Read(BlockSource file)
    {
        List<XzStream> streams = [];
        long blocks = 0;
        for (long end = file.Length; end > 0; end = streams[^1].Offset)
        {
            streams.Add(XzStream.ReadBackwards(file, SkipPadding(file, end)));
            blocks += streams[^1].Records.Count;
            if (streams.Count > MaxStreams || blocks > MaxBlocks)
            {
                ImageFormatException.Throw(
                    XzFormat.Info.Id, end, $"the file has more than {MaxStreams} streams, or {MaxBlocks} blocks");
            }
        }

        streams.Reverse();
        XzBlock[] found = [.. FindBlocks(streams)];
        if (found.Length == 0)
        {
            ImageFormatException.Throw(XzFormat.Info.Id, 0, "the file holds nothing");
        }

        return new(found, streams.Count);
    }

    private static IEnumerable<XzBlock> FindBlocks(IEnumerable<XzStream> streams)
    {
        long offset = 0;
        foreach (XzStream stream in streams)
        {
            long stored = stream.Offset + XzStream.HeaderLength;
            foreach ((long unpadded, long decoded) in stream.Records)
            {
                if (decoded > 0)
                {
                    yield return new(stored, unpadded, offset, decoded, stream.Check);
                }

                stored += (unpadded + 3) & ~3L;
                offset += decoded;
            }
        }
    }

    // Section 2.2: zeros, a multiple of four bytes.
    private static long SkipPadding(BlockSource file, long end)
    {
        byte[] buffer = new byte[4096];
        for (int padding = 0; padding < MaxPadding; padding += buffer.Length)
        {
            int count = (int)Math.Min(buffer.Length, end);
            file.Read(end - count, buffer.AsSpan(0, count));
            int last = buffer.AsSpan(0, count).LastIndexOfAnyExcept((byte)0);
            if (last >= 0)
            {
                return end - ((count - 1 - last) & ~3);
            }

            end -= count;
        }

        ImageFormatException.Throw(XzFormat.Info.Id, end, $"more than {MaxPadding >> 20} MiB of zeros follow a stream");
        return 0;
    }
}
