using System.Collections.Concurrent;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Compressed;

/// <summary>A spool in memory, with room for little content; pieces are made when they are written.</summary>
internal sealed class MemorySpool : ISpool
{
    private const int PieceLength = 1 << 20;
    private const int MaxPieces = 64;

    private readonly ConcurrentDictionary<long, byte[]> _pieces = new();

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_pieces.Count >= MaxPieces && !_pieces.ContainsKey(offset / PieceLength))
            {
                throw new IOException("the spool in memory is full");
            }

            int inside = (int)(offset % PieceLength);
            int count = Math.Min(PieceLength - inside, bytes.Length);
            bytes[..count].CopyTo(_pieces.GetOrAdd(offset / PieceLength, _ => new byte[PieceLength]).AsSpan(inside));
            bytes = bytes[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public void Read(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int inside = (int)(offset % PieceLength);
            int count = Math.Min(PieceLength - inside, destination.Length);
            if (_pieces.TryGetValue(offset / PieceLength, out byte[]? piece))
            {
                piece.AsSpan(inside, count).CopyTo(destination);
            }
            else
            {
                destination[..count].Clear();
            }

            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _pieces.Clear();
}
