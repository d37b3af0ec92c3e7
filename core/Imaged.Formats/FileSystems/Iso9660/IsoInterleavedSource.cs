using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Iso9660;

/// <summary>A section in interleaved mode (ECMA-119 6.4.3): units of the file with gaps between them.</summary>
internal sealed class IsoInterleavedSource : BlockSource
{
    private readonly BlockSource _volume;
    private readonly IsoSection _section;

    /// <summary>A section with a unit and a gap; the volume stays the caller's.</summary>
    public IsoInterleavedSource(BlockSource volume, IsoSection section)
    {
        _volume = volume;
        _section = section;
    }

    /// <inheritdoc/>
    public override long Length => _section.Length;

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        while (!destination.IsEmpty)
        {
            long at = Locate(offset, out long left);
            int count = (int)Math.Min(left, destination.Length);
            if (at < 0 || at > _volume.Length - count)
            {
                ImageFormatException.Throw(
                    Iso9660FileSystem.Id, _volume.Length, "this part of the file is not inside the volume");
            }

            _volume.Read(at, destination[..count]);
            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        long at = Locate(offset, out long left);
        if (at < 0 || at > _volume.Length - left)
        {
            return new(offset, left, ExtentKind.Data);
        }

        Extent extent = _volume.GetExtent(at);
        return extent with { Offset = offset, Length = Math.Min(extent.Length, left) };
    }

    // Byte offset in the volume, and how many bytes of the file follow there.
    private long Locate(long offset, out long left)
    {
        long unit = Math.DivRem(offset, _section.UnitLength, out long inside);
        left = Math.Min(_section.UnitLength - inside, Length - offset);
        return _section.Offset + (unit * (_section.UnitLength + _section.GapLength)) + inside;
    }
}
