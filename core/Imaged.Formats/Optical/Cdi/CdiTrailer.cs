using System.Buffers.Binary;

namespace Imaged.Formats.Optical.Cdi;

/// <summary>The last eight bytes of the file, which tell where the descriptor is.</summary>
/// <param name="Version">2, 3, or 4 for DiscJuggler 3.5 and 4.</param>
/// <param name="DescriptorOffset">Byte offset of the descriptor.</param>
internal readonly record struct CdiTrailer(int Version, long DescriptorOffset)
{
    /// <summary>Bytes of it.</summary>
    public const int Length = 8;

    private const uint Version2 = 0x80000004;
    private const uint Version3 = 0x80000005;
    private const uint Version4 = 0x80000006;

    /// <summary>Reads the trailer.</summary>
    /// <param name="tail">The last bytes of the file.</param>
    /// <param name="fileLength">Length of the file.</param>
    /// <param name="trailer">The trailer.</param>
    public static bool TryParse(ReadOnlySpan<byte> tail, long fileLength, out CdiTrailer trailer)
    {
        trailer = default;
        if (tail.Length < Length)
        {
            return false;
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(tail[^8..]);
        long header = BinaryPrimitives.ReadUInt32LittleEndian(tail[^4..]);
        if (version is not (Version2 or Version3 or Version4) || header <= Length || header >= fileLength - Length)
        {
            return false;
        }

        trailer = version switch
        {
            Version2 => new(2, header),
            Version3 => new(3, header),
            _ => new(4, fileLength - header),
        };
        return true;
    }
}
