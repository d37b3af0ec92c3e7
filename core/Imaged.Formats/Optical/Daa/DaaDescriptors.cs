using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Daa;

/// <summary>What the descriptors between header and chunk table say.</summary>
internal sealed record DaaDescriptors
{
    private const int HeadLength = 8;
    private const int KeyLength = 128;
    private const int MaxParts = 999;

    // Comments are the longest thing there.
    private const int MaxLength = 1 << 20;

    /// <summary>Number of files, 1 to 999.</summary>
    public int PartCount { get; private init; } = 1;

    /// <summary>The encrypted key, 128 bytes; null when the image is not encrypted.</summary>
    public byte[]? Key { get; private init; }

    /// <summary>CRC-32 of the key.</summary>
    public uint KeyCrc { get; private init; }

    /// <summary>Reads them.</summary>
    /// <exception cref="ImageFormatException">They are damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">Another method of encryption.</exception>
    public static DaaDescriptors Read(BlockSource file, DaaHeader header)
    {
        if (header.TableOffset > MaxLength)
        {
            ImageFormatException.Throw(DaaFormat.Id, 16, $"the chunk table begins at {header.TableOffset}");
        }

        byte[] all = file.ReadBytes(DaaHeader.Length, header.TableOffset - DaaHeader.Length);
        DaaDescriptors found = new();
        for (int at = 0; at < all.Length;)
        {
            ReadOnlySpan<byte> left = all.AsSpan(at);
            uint length = left.Length < HeadLength ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(left[4..]);
            if (length < HeadLength || length > left.Length)
            {
                ImageFormatException.Throw(DaaFormat.Id, DaaHeader.Length + at, $"a descriptor has {length} bytes");
            }

            ReadOnlySpan<byte> payload = left[HeadLength..(int)length];
            found = BinaryPrimitives.ReadUInt32LittleEndian(left) switch
            {
                2 => found with { PartCount = ReadPartCount(payload, at) },
                3 => found.WithKey(payload, at),
                _ => found,
            };
            at += (int)length;
        }

        return found;
    }

    private static int ReadPartCount(ReadOnlySpan<byte> payload, int at)
    {
        uint count = payload.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(payload);
        if (count is 0 or > MaxParts)
        {
            ImageFormatException.Throw(DaaFormat.Id, DaaHeader.Length + at + HeadLength, $"there are {count} parts");
        }

        return (int)count;
    }

    private DaaDescriptors WithKey(ReadOnlySpan<byte> payload, int at)
    {
        if (payload.Length < 8 + KeyLength)
        {
            ImageFormatException.Throw(DaaFormat.Id, DaaHeader.Length + at, "the key is cut off");
        }

        uint type = BinaryPrimitives.ReadUInt32LittleEndian(payload);
        if (type != 0)
        {
            UnsupportedFeatureException.Throw(DaaFormat.Id, $"encryption of type {type}");
        }

        return this with
        {
            Key = payload.Slice(8, KeyLength).ToArray(),
            KeyCrc = BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]),
        };
    }
}
