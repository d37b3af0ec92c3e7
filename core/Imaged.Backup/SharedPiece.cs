using System.IO.Hashing;
using Imaged.Blocks;

namespace Imaged.Backup;

/// <summary>A piece of a disk on its way from a reader to the writers of all targets.</summary>
/// <param name="pool">Where it goes when the last of them has written it; null when it is not shared.</param>
internal sealed class SharedPiece(PiecePool? pool) : IDisposable
{
    /// <summary>Bytes of a piece, a power of two; the last one of a disk may be shorter. As much of each disk is
    /// written last: partition tables, boot sectors and superblocks.</summary>
    public const int Length = 1 << 20;

    private readonly AlignedBuffer _buffer = new(Length);
    private int _count;
    private int _users;

    /// <summary>Its number on the disk.</summary>
    public long Number { get; set; }

    /// <summary>What of it is used, ascending.</summary>
    public List<BlockRange> Ranges { get; } = [];

    /// <summary>Bytes that are used.</summary>
    public long Used => Ranges.Sum(range => range.Length);

    /// <summary>Byte offset on the disk.</summary>
    public long Offset => Number * Length;

    /// <summary>Its bytes; those that are not used may be anything.</summary>
    public Span<byte> Bytes => _buffer.GetSpan()[.._count];

    /// <summary>Reads all of it.</summary>
    /// <param name="source">Where from.</param>
    /// <param name="length">Length of the disk in bytes.</param>
    public void Read(BlockSource source, long length)
    {
        _count = (int)Math.Min(Length, length - Offset);
        source.Read(Offset, Bytes);
    }

    /// <summary>Hash of the bytes that are used, and of where the piece stands.</summary>
    public UInt128 Hash()
    {
        XxHash128 hash = new(Number);
        foreach (BlockRange range in Ranges)
        {
            hash.Append(Bytes.Slice((int)(range.Offset - Offset), (int)range.Length));
        }

        return hash.GetCurrentHashAsUInt128();
    }

    /// <summary>Whether all bytes that are used are zero.</summary>
    public bool IsZero() => Ranges.TrueForAll(range =>
        !Bytes.Slice((int)(range.Offset - Offset), (int)range.Length).ContainsAnyExcept((byte)0));

    /// <summary>Says how many will <see cref="Release"/> it.</summary>
    public void Share(int users) => Volatile.Write(ref _users, users);

    /// <summary>One of its users needs it no longer.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            pool?.Return(this);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => ((IDisposable)_buffer).Dispose();
}
