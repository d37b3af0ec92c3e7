using Imaged.Blocks;

namespace Imaged.Formats.Codecs;

/// <summary>A part of a file, read once in one direction through a buffer. For one thread.</summary>
internal sealed class StreamInput
{
    /// <summary>Zero bytes that may be read behind <see cref="End"/>.</summary>
    public const int Padding = 16;

    // What was read last can be given back.
    private const int Kept = 8;

    private const int Length = 1 << 16;

    private readonly BlockSource _file;
    private readonly long _fileEnd;
    private long _bufferOffset;

    /// <summary>Input from <paramref name="offset"/> up to <paramref name="end"/>; does not own the file.</summary>
    public StreamInput(BlockSource file, long offset, long end)
    {
        _file = file;
        _fileEnd = end;
        _bufferOffset = offset;
        Buffer = new byte[Kept + Length + Padding];
    }

    /// <summary>The buffer; behind <see cref="End"/> stand <see cref="Padding"/> zeros.</summary>
    public byte[] Buffer { get; }

    /// <summary>Index of the next byte; whoever reads the buffer moves it.</summary>
    public int Next { get; set; }

    /// <summary>Index behind the last byte that is there.</summary>
    public int End { get; private set; }

    /// <summary>Byte offset of the next byte in the file.</summary>
    public long Offset => _bufferOffset + Next;

    /// <summary>Whether the buffer holds the last bytes of the input.</summary>
    public bool HoldsEnd => _bufferOffset + End >= _fileEnd;

    /// <summary>Whether nothing is left.</summary>
    public bool IsAtEnd => Next >= End && HoldsEnd;

    /// <summary>The bytes that are in the buffer.</summary>
    public ReadOnlySpan<byte> Rest => Next < End ? Buffer.AsSpan(Next, End - Next) : [];

    /// <summary>Reads more behind what is left in the buffer.</summary>
    public void Fill()
    {
        if (HoldsEnd)
        {
            return;
        }

        int from = Math.Max(0, Math.Min(Next, End) - Kept);
        Buffer.AsSpan(from, End - from).CopyTo(Buffer);
        _bufferOffset += from;
        Next -= from;
        End -= from;
        int count = (int)Math.Min(Kept + Length - End, _fileEnd - _bufferOffset - End);
        _file.Read(_bufferOffset + End, Buffer.AsSpan(End, count));
        End += count;
        Buffer.AsSpan(End, Padding).Clear();
    }

    /// <summary>The next byte, or -1 at the end.</summary>
    public int ReadByte()
    {
        if (Next >= End)
        {
            Fill();
        }

        return Next < End ? Buffer[Next++] : -1;
    }

    /// <summary>Reads up to <paramref name="destination"/>.Length bytes; fewer only at the end.</summary>
    public int Read(Span<byte> destination)
    {
        int done = 0;
        while (done < destination.Length)
        {
            if (Next >= End)
            {
                Fill();
            }

            if (Next >= End)
            {
                break;
            }

            int count = Math.Min(End - Next, destination.Length - done);
            Buffer.AsSpan(Next, count).CopyTo(destination[done..]);
            Next += count;
            done += count;
        }

        return done;
    }
}
