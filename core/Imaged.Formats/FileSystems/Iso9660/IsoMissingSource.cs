using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Iso9660;

/// <summary>The part of a file that lies outside a truncated volume: it has a length, and cannot be read.</summary>
internal sealed class IsoMissingSource : BlockSource
{
    private readonly long _volumeLength;

    /// <summary>A part of <paramref name="length"/> bytes.</summary>
    public IsoMissingSource(long volumeLength, long length)
    {
        _volumeLength = volumeLength;
        Length = length;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        if (!destination.IsEmpty)
        {
            ImageFormatException.Throw(
                Iso9660FileSystem.Id, _volumeLength, "this part of the file is not inside the volume, which ends here");
        }
    }
}
