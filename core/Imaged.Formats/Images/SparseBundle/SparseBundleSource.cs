using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.SparseBundle;

/// <summary>The disk of a sparse bundle. A bundle has thousands of bands, so only some are open at a time; what a
/// band's file lacks, or the whole of it where there is none, is zero.</summary>
internal sealed class SparseBundleSource : BlockSource
{
    private const string Folder = "bands";
    private const int MaxOpen = 64;

    private readonly HostFiles _files;
    private readonly long _bandLength;
    private readonly object _lock = new();
    private readonly Dictionary<long, Band> _open = [];
    private long _uses;

    /// <summary>Does not own the files.</summary>
    /// <param name="files">Beside which the folder is.</param>
    /// <param name="bandLength">Bytes of a band.</param>
    /// <param name="length">Bytes of the disk.</param>
    public SparseBundleSource(HostFiles files, long bandLength, long length)
    {
        _files = files;
        _bandLength = bandLength;
        Length = length;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        while (!destination.IsEmpty)
        {
            long inside = offset % _bandLength;
            int count = (int)Math.Min(destination.Length, _bandLength - inside);
            Band band = Acquire(offset / _bandLength);
            try
            {
                Span<byte> part = destination[..count];
                int stored = band.File?.ReadUpTo(inside, part) ?? 0;
                part[stored..].Clear();
            }
            finally
            {
                Release(band);
            }

            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        long inside = offset % _bandLength;
        Band band = Acquire(offset / _bandLength);
        long stored = band.File?.Length ?? 0;
        Release(band);
        bool isStored = inside < stored;
        long length = (isStored ? Math.Min(stored, _bandLength) : _bandLength) - inside;
        return new(offset, Math.Min(length, Length - offset), isStored ? ExtentKind.Data : ExtentKind.Unallocated);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            foreach (Band band in _open.Values)
            {
                band.File?.Dispose();
            }

            _open.Clear();
        }
    }

    // The name of a band is its number alone; what else is in the folder is of no interest.
    private Band Acquire(long number)
    {
        lock (_lock)
        {
            if (!_open.TryGetValue(number, out Band? band))
            {
                MakeRoom();
                string name = number.ToString("x", CultureInfo.InvariantCulture);
                band = new Band(number, _files.TryOpenInside(Folder, name, out BlockSource file) ? file : null);
                _open.Add(number, band);
            }

            band.Readers++;
            band.LastUse = ++_uses;
            return band;
        }
    }

    private void Release(Band band)
    {
        lock (_lock)
        {
            band.Readers--;
        }
    }

    // A band that is being read stays open, so there may be as many more as there are readers.
    private void MakeRoom()
    {
        if (_open.Count < MaxOpen)
        {
            return;
        }

        Band? oldest = null;
        foreach (Band band in _open.Values)
        {
            if (band.Readers == 0 && (oldest is null || band.LastUse < oldest.LastUse))
            {
                oldest = band;
            }
        }

        if (oldest is not null)
        {
            _open.Remove(oldest.Number);
            oldest.File?.Dispose();
        }
    }

    private sealed class Band(long number, BlockSource? file)
    {
        public long Number { get; } = number;

        public BlockSource? File { get; } = file;

        public int Readers { get; set; }

        public long LastUse { get; set; }
    }
}
