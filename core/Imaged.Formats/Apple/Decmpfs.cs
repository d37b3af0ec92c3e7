using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Apple;

/// <summary>What the attribute <c>com.apple.decmpfs</c> says of a compressed file (decmpfs.h of Apple's kernel
/// sources).</summary>
/// <param name="Format">Id of the file system, for errors.</param>
/// <param name="Kind">How it is compressed, and where the bytes are.</param>
/// <param name="Length">Bytes of the content.</param>
/// <param name="Inline">What stands in the attribute behind its header.</param>
internal sealed record Decmpfs(string Format, uint Kind, long Length, byte[] Inline)
{
    /// <summary>Name of the attribute.</summary>
    public const string AttributeName = "com.apple.decmpfs";

    /// <summary>Bytes of a piece, which is compressed on its own.</summary>
    public const int PieceLength = 65536;

    private const int HeaderLength = 16;

    /// <summary>Whether the pieces are in the resource fork.</summary>
    public bool IsInFork => Kind is 4 or 8 or 10 or 12;

    /// <summary>Reads the attribute.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public static Decmpfs Parse(string format, ReadOnlySpan<byte> value)
    {
        ulong length = value.Length < HeaderLength
            ? ulong.MaxValue
            : BinaryPrimitives.ReadUInt64LittleEndian(value[8..]);
        if (length > long.MaxValue || !value.StartsWith("fpmc"u8))
        {
            ImageFormatException.Throw(
                format, 0, $"a compressed file has a header of {value.Length} bytes for {length} bytes");
        }

        return new(
            format,
            BinaryPrimitives.ReadUInt32LittleEndian(value[4..]),
            (long)length,
            value[HeaderLength..].ToArray());
    }

    /// <summary>The content of a file that is wholly in the attribute.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">It is compressed in another way.</exception>
    public MemorySource OpenInline()
    {
        if (Length > PieceLength)
        {
            ImageFormatException.Throw(Format, 0, $"an attribute holds a file of {Length} bytes");
        }

        byte[] content = new byte[Length];
        Decode(Inline, content);
        return new MemorySource(content);
    }

    /// <summary>Decodes a piece, which fills the destination.</summary>
    /// <inheritdoc cref="OpenInline"/>
    public void Decode(ReadOnlySpan<byte> encoded, Span<byte> destination)
    {
        // What did not get shorter is stored behind a byte that begins no stream.
        int mark = encoded.IsEmpty ? -1 : encoded[0];
        bool isStored = Kind switch
        {
            3 or 4 => (mark & 15) == 15,
            7 or 8 => mark == 6,
            11 or 12 => mark == 255,
            _ => false,
        };
        int count;
        if (isStored || Kind is 1 or 9 or 10)
        {
            ReadOnlySpan<byte> stored = encoded[(isStored || Kind != 1 ? Math.Min(1, encoded.Length) : 0)..];
            count = stored.Length == destination.Length ? stored.Length : -1;
            stored[..Math.Max(count, 0)].CopyTo(destination);
        }
        else
        {
            count = Kind switch
            {
                3 or 4 => ZlibDecoder.Decode(encoded, destination),
                7 or 8 => LzvnDecoder.Decode(encoded, destination),
                11 or 12 => LzfseDecoder.Decode(encoded, destination),
                _ => throw new UnsupportedFeatureException(Format, $"file compression of kind {Kind}"),
            };
        }

        if (count != destination.Length)
        {
            ImageFormatException.Throw(Format, 0, $"compressed data of kind {Kind} is damaged");
        }
    }
}
