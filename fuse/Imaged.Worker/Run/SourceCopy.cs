using Imaged.Blocks;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Worker.Run;

/// <summary>Copies the bytes of a source into a file: holes stay holes, zero blocks become holes, and several blocks
/// are on their way at once.</summary>
internal static class SourceCopy
{
    private const int ChunkLength = 1 << 20;

    // An extent of up to this length is read in one go: those that are decoded end where a chunk ends, and who reads a
    // chunk whole has it decoded straight into his buffer.
    private const int MaxPieceLength = 32 << 20;

    // Bytes that are being copied at once: decoders take memory for what they decode, and as much again.
    private const int MaxUnderway = 64 << 20;

    // Double buffering reaches the rate of a disk; see docs/performance.md. Decoding takes all processors.
    private const int MinThreads = 2;
    private const int MaxThreads = 8;

    private static readonly AlignedBufferPool Pool = new(ChunkLength);

    /// <summary>Writes the whole source to an empty, seekable file, which then has the source's length.</summary>
    /// <exception cref="IOException">A side failed; the file is then unfinished.</exception>
    public static void ToFile(BlockSource source, SafeFileHandle output, ProgressMeter meter)
    {
        RandomAccess.SetLength(output, source.Length);
        Pieces pieces = new(source, meter);
        if (source.Length <= ChunkLength)
        {
            CopyPieces(source, output, meter, pieces);
            return;
        }

        ThreadTeam.Run(
            Math.Clamp(Environment.ProcessorCount, MinThreads, MaxThreads),
            () => CopyPieces(source, output, meter, pieces),
            pieces.Stop);
    }

    /// <summary>Writes the whole source to a pipe, a terminal, or a file at the position that others share.</summary>
    public static void ToStream(BlockSource source, SafeFileHandle output, ProgressMeter meter) =>
        ToStream(source, [new(0, source.Length)], output, meter);

    /// <summary>The same with zeros for what does not matter, which is not read.</summary>
    /// <param name="source">The source.</param>
    /// <param name="used">What of it matters, ascending, without overlaps.</param>
    /// <param name="output">Where to.</param>
    /// <param name="meter">Told how far it is, in bytes that are written.</param>
    public static void ToStream(
        BlockSource source, IEnumerable<BlockRange> used, SafeFileHandle output, ProgressMeter meter)
    {
        AlignedBuffer buffer = Pool.Rent();
        try
        {
            long offset = 0;
            foreach (BlockRange range in used)
            {
                Write(offset, range.Offset, isUsed: false);
                Write(range.Offset, range.End, isUsed: true);
                offset = range.End;
            }

            Write(offset, source.Length, isUsed: false);
        }
        finally
        {
            Pool.Return(buffer);
        }

        void Write(long begin, long end, bool isUsed)
        {
            while (begin < end)
            {
                Span<byte> chunk = buffer.GetSpan()[..(int)Math.Min(ChunkLength, end - begin)];
                if (isUsed)
                {
                    source.Read(begin, chunk);
                }
                else
                {
                    chunk.Clear();
                }

                StandardStream.Write(output, chunk);
                begin += chunk.Length;
                meter.Add(chunk.Length);
            }
        }
    }

    private static void CopyPieces(BlockSource source, SafeFileHandle output, ProgressMeter meter, Pieces pieces)
    {
        AlignedBuffer common = Pool.Rent();
        AlignedBuffer? large = null;
        try
        {
            while (pieces.TryTake(out long offset, out int length))
            {
                AlignedBuffer buffer = common;
                if (length > ChunkLength)
                {
                    if (large is null || large.Length < length)
                    {
                        (large as IDisposable)?.Dispose();
                        large = new AlignedBuffer(length);
                    }

                    buffer = large;
                }

                Span<byte> piece = buffer.GetSpan()[..length];
                source.Read(offset, piece);
                WriteUnlessZero(output, offset, piece);
                pieces.Finish(length);
                meter.Add(length);
            }
        }
        finally
        {
            (large as IDisposable)?.Dispose();
            Pool.Return(common);
        }
    }

    private static void WriteUnlessZero(SafeFileHandle output, long offset, Span<byte> bytes)
    {
        const int Unit = 65536;
        while (!bytes.IsEmpty)
        {
            // A run of units that are all zero, or all not.
            int length = Math.Min(Unit, bytes.Length);
            bool zero = !bytes[..length].ContainsAnyExcept((byte)0);
            while (length < bytes.Length)
            {
                int more = Math.Min(Unit, bytes.Length - length);
                if (!bytes.Slice(length, more).ContainsAnyExcept((byte)0) != zero)
                {
                    break;
                }

                length += more;
            }

            if (!zero)
            {
                RandomAccess.Write(output, bytes[..length], offset);
            }

            bytes = bytes[length..];
            offset += length;
        }
    }

    /// <summary>Gives out what has to be copied, piece by piece: what is known to be zero is neither read nor
    /// written.</summary>
    private sealed class Pieces(BlockSource source, ProgressMeter meter)
    {
        private readonly object _lock = new();
        private long _next;
        private long _underway;

        public bool TryTake(out long offset, out int length)
        {
            lock (_lock)
            {
                while (_next < source.Length)
                {
                    Extent extent = source.GetExtent(_next);
                    bool isWhole = extent.Host is null && extent.Length <= MaxPieceLength;
                    offset = _next;
                    length = (int)Math.Min(extent.Length, isWhole ? MaxPieceLength : ChunkLength);
                    if (extent.Kind == ExtentKind.Data && _underway > 0 && _underway + length > MaxUnderway)
                    {
                        Monitor.Wait(_lock);
                        continue;
                    }

                    if (extent.Kind == ExtentKind.Data)
                    {
                        _next += length;
                        _underway += length;
                        return true;
                    }

                    _next = extent.End;
                    meter.Add(extent.Length);
                }

                offset = 0;
                length = 0;
                return false;
            }
        }

        /// <summary>A piece has been copied.</summary>
        public void Finish(int length)
        {
            lock (_lock)
            {
                _underway -= length;
                Monitor.PulseAll(_lock);
            }
        }

        /// <summary>There is nothing left for anybody.</summary>
        public void Stop()
        {
            lock (_lock)
            {
                _next = long.MaxValue;
                Monitor.PulseAll(_lock);
            }
        }
    }
}
