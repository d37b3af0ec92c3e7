using System.Collections.Concurrent;

namespace Imaged.Backup;

/// <summary>The pieces that may be in memory at once: readers wait until one is free. Thread-safe.</summary>
internal sealed class PiecePool : IDisposable
{
    private readonly SharedPiece[] _pieces;
    private readonly BlockingCollection<SharedPiece> _free = new(new ConcurrentBag<SharedPiece>());
    private readonly CancellationTokenSource _stop = new();

    /// <summary>A pool.</summary>
    /// <param name="count">How many pieces there are.</param>
    public PiecePool(int count)
    {
        _pieces = [.. Enumerable.Range(0, count).Select(_ => new SharedPiece(this))];
        Array.ForEach(_pieces, Return);
    }

    /// <summary>A free piece, to be returned or released; waits for one.</summary>
    /// <returns>Null when the job has been stopped.</returns>
    public SharedPiece? Take()
    {
        try
        {
            return _free.Take(_stop.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Takes a piece back.</summary>
    public void Return(SharedPiece piece) => _free.Add(piece);

    /// <summary>Nobody waits any more.</summary>
    public void Stop() => _stop.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(_pieces, piece => piece.Dispose());
        _free.Dispose();
        _stop.Dispose();
    }
}
