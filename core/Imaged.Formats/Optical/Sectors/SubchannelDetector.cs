using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Sectors;

/// <summary>Finds out in which order the 96 bytes of subchannel stand, by the checksum of Q (ECMA-130 section
/// 22.3.6).</summary>
internal static class SubchannelDetector
{
    private const int ProbeSectors = 64;
    private const int QLength = 12;

    /// <summary>The order in which most of the first sectors have a Q that is right; interleaved when none
    /// has.</summary>
    /// <param name="source">What stores them.</param>
    /// <param name="offset">Byte offset of the first sector's subchannel.</param>
    /// <param name="stride">Bytes from one to the next.</param>
    public static SubchannelLayout Find(BlockSource source, long offset, int stride)
    {
        byte[] stored = new byte[SectorLayouts.SubchannelLength];
        byte[] q = new byte[QLength];
        int linear = 0;
        int interleaved = 0;
        for (int i = 0; i < ProbeSectors && offset + stored.Length <= source.Length; i++, offset += stride)
        {
            source.Read(offset, stored);
            linear += IsRight(stored.AsSpan(QLength, QLength)) ? 1 : 0;
            for (int j = 0; j < QLength * 8; j++)
            {
                q[j / 8] = (byte)(((q[j / 8] << 1) | ((stored[j] >> 6) & 1)) & 0xff);
            }

            interleaved += IsRight(q) ? 1 : 0;
        }

        return linear > interleaved ? SubchannelLayout.Linear : SubchannelLayout.Interleaved;
    }

    /// <summary>Whether the checksum of a Q subchannel of 12 bytes holds.</summary>
    public static bool IsRight(ReadOnlySpan<byte> q) =>
        Crc16.Compute(q[..10]) == BinaryPrimitives.ReadUInt16BigEndian(q[10..]) && q.ContainsAnyExcept((byte)0);
}
