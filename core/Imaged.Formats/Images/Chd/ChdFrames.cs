using System.Buffers;
using System.Buffers.Binary;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Images.Chd;

/// <summary>Hunks of CD frames: the sectors are compressed apart from their subchannels. Of sectors whose sync pattern
/// and error correction code are right these are not stored.</summary>
internal static class ChdFrames
{
    /// <summary>Bytes of a frame: a sector of 2352 bytes and its subchannel.</summary>
    public const int Length = RawSector.Length + SectorLayouts.SubchannelLength;

    // From this length of a hunk on the length of its sectors takes three bytes.
    private const int LongHunk = 65536;

    /// <summary>Decodes a hunk of frames.</summary>
    /// <param name="sectorCodec">Codec of the sectors.</param>
    /// <param name="subchannelCodec">Codec of the subchannels.</param>
    /// <param name="source">What is stored.</param>
    /// <param name="hunk">Where to: whole frames.</param>
    /// <returns>Whether it could be decoded.</returns>
    public static bool TryDecode(uint sectorCodec, uint subchannelCodec, ReadOnlySpan<byte> source, Span<byte> hunk)
    {
        int frames = hunk.Length / Length;
        int flags = (frames + 7) / 8;
        int head = flags + (hunk.Length < LongHunk ? 2 : 3);
        if (source.Length < head)
        {
            return false;
        }

        int stored = BinaryPrimitives.ReadUInt16BigEndian(source[flags..]);
        stored = hunk.Length < LongHunk ? stored : (stored << 8) | source[flags + 2];
        if (stored > source.Length - head)
        {
            return false;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(hunk.Length);
        try
        {
            Span<byte> sectors = buffer.AsSpan(0, frames * RawSector.Length);
            Span<byte> subchannels = buffer.AsSpan(sectors.Length, frames * SectorLayouts.SubchannelLength);
            if (!ChdCodec.TryDecode(sectorCodec, source.Slice(head, stored), sectors)
                || !ChdCodec.TryDecode(subchannelCodec, source[(head + stored)..], subchannels))
            {
                return false;
            }

            Join(sectors, subchannels, hunk);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        for (int i = 0; i < frames; i++)
        {
            if ((source[i / 8] & (1 << (i % 8))) != 0)
            {
                Span<byte> sector = hunk.Slice(i * Length, RawSector.Length);
                RawSector.Sync.CopyTo(sector);
                RawSector.WriteParity(sector);
            }
        }

        return true;
    }

    /// <summary>Decodes a hunk of frames of sound: FLAC, and then the subchannels.</summary>
    /// <param name="subchannelCodec">Codec of the subchannels.</param>
    /// <param name="source">What is stored.</param>
    /// <param name="hunk">Where to: whole frames.</param>
    /// <returns>Whether it could be decoded.</returns>
    public static bool TryDecodeSound(uint subchannelCodec, ReadOnlySpan<byte> source, Span<byte> hunk)
    {
        int frames = hunk.Length / Length;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(hunk.Length);
        try
        {
            Span<byte> sectors = buffer.AsSpan(0, frames * RawSector.Length);
            Span<byte> subchannels = buffer.AsSpan(sectors.Length, frames * SectorLayouts.SubchannelLength);
            if (FlacDecoder.DecodeStereo16(source, sectors, isBigEndian: true, out int read) != sectors.Length
                || !ChdCodec.TryDecode(subchannelCodec, source[read..], subchannels))
            {
                return false;
            }

            Join(sectors, subchannels, hunk);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Join(ReadOnlySpan<byte> sectors, ReadOnlySpan<byte> subchannels, Span<byte> hunk)
    {
        for (int i = 0; i < hunk.Length / Length; i++)
        {
            Span<byte> frame = hunk.Slice(i * Length, Length);
            sectors.Slice(i * RawSector.Length, RawSector.Length).CopyTo(frame);
            subchannels.Slice(i * SectorLayouts.SubchannelLength, SectorLayouts.SubchannelLength)
                .CopyTo(frame[RawSector.Length..]);
        }
    }
}
