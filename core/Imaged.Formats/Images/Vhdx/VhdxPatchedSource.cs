using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Vhdx;

/// <summary>A file with the updates of its log: sectors that the log has, ranges that it says are zero, and the file
/// itself everywhere else; zeros behind its end.</summary>
internal sealed class VhdxPatchedSource : BlockSource
{
    private const int SectorLength = VhdxLogEntry.SectorLength;

    // Ranges of zeros are few; they are looked through one by one.
    private const int MaxZeroRanges = 256;

    private readonly BlockSource _file;
    private readonly long[] _offsets;
    private readonly byte[][] _sectors;
    private readonly (long Offset, long End)[] _zeros;

    /// <summary>The file after the updates, of which later ones prevail; it stays its owner's.</summary>
    /// <exception cref="UnsupportedFeatureException">There are too many ranges of zeros.</exception>
    public VhdxPatchedSource(BlockSource file, long length, IEnumerable<VhdxUpdate> updates)
    {
        _file = file;
        Length = length;
        SortedDictionary<long, byte[]> sectors = [];
        List<(long Offset, long End)> zeros = [];
        foreach (VhdxUpdate update in updates)
        {
            if (update.Data is not null)
            {
                sectors[update.Offset] = update.Data;
                continue;
            }

            if (zeros.Count == MaxZeroRanges)
            {
                throw new UnsupportedFeatureException(
                    VhdxFormat.Info.Id, $"a log of more than {MaxZeroRanges} ranges of zeros");
            }

            (long begin, long end) = (update.Offset, update.Offset + update.Length);
            zeros.Add((begin, end));
            foreach (long covered in sectors.Keys.Where(offset => offset >= begin && offset < end).ToArray())
            {
                sectors.Remove(covered);
            }
        }

        _offsets = [.. sectors.Keys];
        _sectors = [.. sectors.Values];
        _zeros = [.. zeros];
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        while (!destination.IsEmpty)
        {
            Extent extent = GetExtent(offset, out byte[]? sector);
            int count = (int)Math.Min(extent.Length, destination.Length);
            Span<byte> part = destination[..count];
            if (sector is not null)
            {
                sector.AsSpan((int)(offset % SectorLength), count).CopyTo(part);
            }
            else if (extent.Kind == ExtentKind.Zero)
            {
                part.Clear();
            }
            else
            {
                _file.Read(offset, part);
            }

            offset += count;
            destination = destination[count..];
        }
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        return GetExtent(offset, out _);
    }

    private Extent GetExtent(long offset, out byte[]? sector)
    {
        int i = Array.BinarySearch(_offsets, offset / SectorLength * SectorLength);
        if (i >= 0)
        {
            sector = _sectors[i];
            return new(offset, Math.Min(_offsets[i] + SectorLength, Length) - offset, ExtentKind.Data);
        }

        // Up to where something else begins.
        sector = null;
        long end = ~i < _offsets.Length ? Math.Min(_offsets[~i], Length) : Length;
        foreach ((long begin, long zeroEnd) in _zeros)
        {
            if (offset >= begin && offset < zeroEnd)
            {
                return new(offset, Math.Min(end, zeroEnd) - offset, ExtentKind.Zero);
            }

            end = begin > offset ? Math.Min(end, begin) : end;
        }

        if (offset >= _file.Length)
        {
            return new(offset, end - offset, ExtentKind.Zero);
        }

        Extent extent = _file.GetExtent(offset);
        return extent with { Length = Math.Min(extent.Length, end - offset) };
    }
}
