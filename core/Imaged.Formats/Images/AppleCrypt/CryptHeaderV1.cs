using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.AppleCrypt;

/// <summary>The header of version 1 (<c>cdsaencr</c>), the last 1276 bytes of the file: the keys, each encrypted twice
/// with what is derived of the password (the key wrapping of RFC 3217, section 3, with a prefix of four
/// bytes).</summary>
internal sealed class CryptHeaderV1
{
    private const int Length = 1276;
    private const int BlockLength = 4096;
    private const int PrefixLength = 4;
    private const int MaxSaltLength = 48;
    private const int MaxWrappedLength = 256;

    private readonly byte[] _raw;
    private readonly long _offset;

    private CryptHeaderV1(byte[] raw, long offset)
    {
        _raw = raw;
        _offset = offset;
    }

    /// <summary>The last eight bytes.</summary>
    public static ReadOnlySpan<byte> Magic => "cdsaencr"u8;

    private static ReadOnlySpan<byte> OuterVector => [0x4a, 0xdd, 0xa2, 0x2c, 0x79, 0xe8, 0x21, 0x05];

    /// <summary>Reads the header of a file that ends with the magic bytes.</summary>
    /// <exception cref="ImageFormatException">The file is too short.</exception>
    public static CryptHeaderV1 Read(BlockSource file)
    {
        long offset = file.Length - Length;
        if (offset < 0)
        {
            ImageFormatException.Throw(AppleCryptFormat.Info.Id, 0, $"the header is cut off at {file.Length} bytes");
        }

        CryptHeaderV1 header = new(file.ReadBytes(offset, Length), offset);
        return header._raw.AsSpan().EndsWith(Magic)
            ? header
            : throw new ImageFormatException(
                AppleCryptFormat.Info.Id, file.Length - Magic.Length, "there is no header");
    }

    /// <summary>Opens it with the password that was given.</summary>
    /// <exception cref="PasswordException">It is wrong, or there is none.</exception>
    /// <exception cref="ImageFormatException">A field is out of its range.</exception>
    public CryptLayout Unlock(ImageOpener opener)
    {
        ulong length = BinaryPrimitives.ReadUInt64BigEndian(_raw.AsSpan(0x4e8));
        long stored = _offset / BlockLength * BlockLength;
        if (length > (ulong)stored)
        {
            ImageFormatException.Throw(
                AppleCryptFormat.Info.Id, _offset + 0x4e8, $"{length} bytes are encrypted in {stored}");
        }

        byte[] password = opener.RequirePassword(AppleCryptFormat.Info.Id);
        int saltLength = ReadLength(0x34, MaxSaltLength);
        byte[] key = CryptKeys.Derive(
            password,
            _raw.AsSpan(0x38, saltLength),
            BinaryPrimitives.ReadUInt32BigEndian(_raw.AsSpan(0x30)),
            _offset + 0x30);
        byte[]? dataKey = Unwrap(key, 0x88);
        byte[]? vectorKey = Unwrap(key, 0x1b4);
        return dataKey is not { Length: 16 or 32 } || vectorKey is not { Length: CryptKeys.VectorKeyLength }
            ? throw new PasswordException(AppleCryptFormat.Info.Id, isMissing: false)
            : new(0, length == 0 ? stored : (long)length, BlockLength, dataKey, vectorKey);
    }

    // A length, and behind it the wrapped key.
    private byte[]? Unwrap(byte[] key, int offset)
    {
        ReadOnlySpan<byte> wrapped = _raw.AsSpan(offset + 4, ReadLength(offset, MaxWrappedLength));
        byte[]? outer = CryptKeys.Unwrap(key, OuterVector, wrapped);
        if (outer is null || outer.Length <= OuterVector.Length)
        {
            return null;
        }

        Array.Reverse(outer);
        byte[]? inner = CryptKeys.Unwrap(key, outer.AsSpan(0, OuterVector.Length), outer.AsSpan(OuterVector.Length));
        return inner is not null && inner.Length > PrefixLength ? inner[PrefixLength..] : null;
    }

    private int ReadLength(int offset, int max)
    {
        uint length = BinaryPrimitives.ReadUInt32BigEndian(_raw.AsSpan(offset));
        if (length == 0 || length > max)
        {
            ImageFormatException.Throw(
                AppleCryptFormat.Info.Id,
                _offset + offset,
                $"a salt or key of {length} bytes is not in the range 1..{max}");
        }

        return (int)length;
    }
}
