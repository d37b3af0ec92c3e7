using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Backup;

/// <summary>What was read of a disk, piece by piece and in any order, to be compared with what is read back: 8 MiB of
/// memory and a bit for each piece, whatever its length. On disks longer than 256 GiB several pieces have one hash, so
/// that a fault is told of all of them. Thread-safe.</summary>
internal sealed class PieceHashes
{
    private const int MaxCells = 1 << 18;

    private readonly long _length;
    private readonly long _cellLength;
    private readonly UInt128[] _cells;
    private readonly BlockSet _read;

    /// <summary>Nothing is read yet.</summary>
    /// <param name="length">Length of the disk in bytes.</param>
    /// <exception cref="UnsupportedFeatureException">It is longer than 512 TiB.</exception>
    public PieceHashes(long length)
    {
        if (length > BlockSet.MaxBlocks * SharedPiece.Length)
        {
            throw new UnsupportedFeatureException(
                "restore",
                $"a disk of {length} bytes (up to {BlockSet.MaxBlocks * SharedPiece.Length} are)");
        }

        long pieces = (length + SharedPiece.Length - 1) / SharedPiece.Length;
        long perCell = Math.Max(1, (pieces + MaxCells - 1) / MaxCells);
        _length = length;
        _cellLength = perCell * SharedPiece.Length;
        _cells = new UInt128[(pieces + perCell - 1) / perCell];
        _read = new BlockSet(length, SharedPiece.Length);
    }

    /// <summary>Adds a piece that was read.</summary>
    public void Add(SharedPiece piece)
    {
        UInt128 hash = piece.Hash();
        lock (_read)
        {
            _cells[piece.Offset / _cellLength] ^= hash;
            _read.Mark(piece.Offset, piece.Bytes.Length);
        }
    }

    /// <summary>Whether a piece was read. Not while any is added.</summary>
    /// <param name="number">Its number on the disk.</param>
    public bool Has(long number)
    {
        long offset = number * SharedPiece.Length;
        return _read.Contains(offset, Math.Min(SharedPiece.Length, _length - offset));
    }

    /// <summary>Where the same pieces were not the same. Not while any is added.</summary>
    public IEnumerable<BlockRange> Compare(PieceHashes other)
    {
        for (int cell = 0; cell < _cells.Length; cell++)
        {
            if (_cells[cell] != other._cells[cell])
            {
                long offset = cell * _cellLength;
                yield return new(offset, Math.Min(_cellLength, _length - offset));
            }
        }
    }
}
