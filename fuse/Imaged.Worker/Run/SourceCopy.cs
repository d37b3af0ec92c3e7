using Imaged.Blocks;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Worker.Run;

/// <summary>Copies the bytes of a source into a file: holes stay holes, zero blocks become holes, and several blocks
/// are on their way at once.</summary>
internal static class SourceCopy
{
    private const int ChunkLength = 1 << 20;

    // Double buffering reaches the rate of a disk; see docs/performance.md.
    private const int Readers = 2;

    private static readonly AlignedBufferPool Pool = new(ChunkLength);

    /// <summary>Writes the whole source to an empty, seekable file, which then has the source's length.</summary>
    /// <exception cref="IOException">A side failed; the file is then unfinished.</exception>
    public static void ToFile(BlockSource source, SafeFileHandle output, ProgressMeter meter)
    {
        RandomAccess.SetLength(output, source.Length);
        if (source.Length <= ChunkLength)
        {
            long nothing = 0;
            CopyChunks(source, output, meter, ref nothing);
            return;
        }

        long next = 0;
        Exception? failure = null;
        Thread[] threads = new Thread[Readers];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(() =>
            {
                try
                {
                    CopyChunks(source, output, meter, ref next);
                }
                catch (Exception error)
                {
                    Interlocked.CompareExchange(ref failure, error, null);
                    // The others find no more chunks.
                    Volatile.Write(ref next, long.MaxValue / 2);
                }
            });
            threads[i].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Writes the whole source to a pipe, a terminal, or a file at the position that others share.</summary>
    public static void ToStream(BlockSource source, SafeFileHandle output, ProgressMeter meter)
    {
        AlignedBuffer buffer = Pool.Rent();
        try
        {
            for (long offset = 0; offset < source.Length;)
            {
                Span<byte> chunk = buffer.GetSpan()[..(int)Math.Min(ChunkLength, source.Length - offset)];
                source.Read(offset, chunk);
                StandardStream.Write(output, chunk);
                offset += chunk.Length;
                meter.Add(chunk.Length);
            }
        }
        finally
        {
            Pool.Return(buffer);
        }
    }

    private static void CopyChunks(BlockSource source, SafeFileHandle output, ProgressMeter meter, ref long next)
    {
        AlignedBuffer buffer = Pool.Rent();
        try
        {
            while (true)
            {
                long offset = Interlocked.Add(ref next, ChunkLength) - ChunkLength;
                if (offset >= source.Length)
                {
                    return;
                }

                int length = (int)Math.Min(ChunkLength, source.Length - offset);
                CopyChunk(source, output, offset, buffer.GetSpan()[..length]);
                meter.Add(length);
            }
        }
        finally
        {
            Pool.Return(buffer);
        }
    }

    // Extent by extent, so that what is known to be zero is neither read nor written.
    private static void CopyChunk(BlockSource source, SafeFileHandle output, long offset, Span<byte> buffer)
    {
        long end = offset + buffer.Length;
        while (offset < end)
        {
            Extent extent = source.GetExtent(offset);
            int length = (int)Math.Min(extent.Length, end - offset);
            if (extent.Kind == ExtentKind.Data)
            {
                Span<byte> part = buffer[..length];
                source.Read(offset, part);
                WriteUnlessZero(output, offset, part);
            }

            offset += length;
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
}
