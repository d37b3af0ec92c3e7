using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.AppleCrypt;

/// <summary>The header of version 2 (<c>encrcdsa</c>): what the data is encrypted with, and for each way to open it a
/// record with the keys, encrypted in turn.</summary>
/// <param name="KeyBits">Bits of the AES key.</param>
/// <param name="BlockLength">Bytes of a block.</param>
/// <param name="Length">Bytes of the image inside.</param>
/// <param name="DataOffset">Byte offset of the first block.</param>
/// <param name="PasswordRecords">Byte offsets of the records that a password opens.</param>
internal sealed record CryptHeaderV2(
    int KeyBits, int BlockLength, long Length, long DataOffset, IReadOnlyList<long> PasswordRecords)
{
    private const int HeaderLength = 76;
    private const int PointerLength = 20;
    private const int MaxRecords = 64;
    private const int RecordLength = 104;
    private const int MaxBlobLength = 512;
    private const uint PasswordKind = 1;
    private const uint Aes = 0x80000001;

    /// <summary>The first eight bytes.</summary>
    public static ReadOnlySpan<byte> Magic => "encrcdsa"u8;

    // What the decrypted keys end with.
    private static ReadOnlySpan<byte> KeysEnd => "CKIE\0"u8;

    /// <summary>Reads the header of a file that begins with the magic bytes.</summary>
    /// <exception cref="ImageFormatException">A field is out of its range.</exception>
    /// <exception cref="UnsupportedFeatureException">It is encrypted in another way.</exception>
    public static CryptHeaderV2 Read(BlockSource file)
    {
        Span<byte> raw = stackalloc byte[HeaderLength];
        if (file.ReadUpTo(0, raw) < HeaderLength)
        {
            ImageFormatException.Throw(AppleCryptFormat.Info.Id, 0, $"the header is cut off at {file.Length} bytes");
        }

        uint version = BinaryPrimitives.ReadUInt32BigEndian(raw[8..]);
        uint mode = BinaryPrimitives.ReadUInt32BigEndian(raw[16..]);
        uint algorithm = BinaryPrimitives.ReadUInt32BigEndian(raw[20..]);
        uint keyBits = BinaryPrimitives.ReadUInt32BigEndian(raw[24..]);
        if (version != 2 || mode != 5 || algorithm != Aes || keyBits is not (128 or 256))
        {
            UnsupportedFeatureException.Throw(
                AppleCryptFormat.Info.Id,
                $"encryption of version {version} with algorithm 0x{algorithm:x}, mode {mode}, {keyBits} bits");
        }

        uint blockLength = BinaryPrimitives.ReadUInt32BigEndian(raw[52..]);
        ulong length = BinaryPrimitives.ReadUInt64BigEndian(raw[56..]);
        ulong dataOffset = BinaryPrimitives.ReadUInt64BigEndian(raw[64..]);
        uint records = BinaryPrimitives.ReadUInt32BigEndian(raw[72..]);
        if (blockLength is < 512 or > CryptLayout.MaxBlockLength || blockLength % 16 != 0 || records > MaxRecords)
        {
            ImageFormatException.Throw(
                AppleCryptFormat.Info.Id, 52, $"blocks of {blockLength} bytes, {records} key records");
        }

        if (length > long.MaxValue / 2 || dataOffset > long.MaxValue / 2)
        {
            ImageFormatException.Throw(AppleCryptFormat.Info.Id, 56, $"{length} bytes from {dataOffset} on");
        }

        return new((int)keyBits, (int)blockLength, (long)length, (long)dataOffset, FindRecords(file, (int)records));
    }

    /// <summary>Opens it with the password that was given.</summary>
    /// <exception cref="PasswordException">It opens no record, or there is none.</exception>
    /// <exception cref="UnsupportedFeatureException">No record is for a password.</exception>
    public CryptLayout Unlock(ImageOpener opener)
    {
        // The last block is padded.
        long stored = (Length + BlockLength - 1) / BlockLength * BlockLength;
        if (stored > opener.Content.Length - DataOffset)
        {
            ImageFormatException.Throw(
                AppleCryptFormat.Info.Id,
                56,
                $"{stored} bytes from {DataOffset} on, the file ends at {opener.Content.Length}");
        }

        return Unlock(opener.Content, opener.RequirePassword(AppleCryptFormat.Info.Id));
    }

    /// <summary>Opens it with a password, wherever the data is.</summary>
    /// <inheritdoc cref="Unlock(ImageOpener)"/>
    public CryptLayout Unlock(BlockSource file, ReadOnlySpan<byte> password)
    {
        if (PasswordRecords.Count == 0)
        {
            UnsupportedFeatureException.Throw(AppleCryptFormat.Info.Id, "opening an image by a certificate");
        }

        int keyLength = KeyBits / 8;
        foreach (long offset in PasswordRecords)
        {
            byte[]? keys = TryUnlock(file, offset, password);
            if (keys is not null && keys.Length >= keyLength + CryptKeys.VectorKeyLength + KeysEnd.Length
                && keys.AsSpan().EndsWith(KeysEnd))
            {
                byte[] vectorKey = keys[keyLength..(keyLength + CryptKeys.VectorKeyLength)];
                return new(DataOffset, Length, BlockLength, keys[..keyLength], vectorKey);
            }
        }

        throw new PasswordException(AppleCryptFormat.Info.Id, isMissing: false);
    }

    private static List<long> FindRecords(BlockSource file, int count)
    {
        List<long> offsets = [];
        Span<byte> pointer = stackalloc byte[PointerLength];
        for (int i = 0; i < count; i++)
        {
            long at = HeaderLength + (i * PointerLength);
            if (file.ReadUpTo(at, pointer) < PointerLength)
            {
                ImageFormatException.Throw(AppleCryptFormat.Info.Id, at, "the list of key records is cut off");
            }

            ulong offset = BinaryPrimitives.ReadUInt64BigEndian(pointer[4..]);
            if (BinaryPrimitives.ReadUInt32BigEndian(pointer) == PasswordKind)
            {
                if (offset > (ulong)file.Length)
                {
                    ImageFormatException.Throw(AppleCryptFormat.Info.Id, at + 4, $"a key record stands at {offset}");
                }

                offsets.Add((long)offset);
            }
        }

        return offsets;
    }

    private static byte[]? TryUnlock(BlockSource file, long offset, ReadOnlySpan<byte> password)
    {
        Span<byte> record = stackalloc byte[RecordLength + MaxBlobLength];
        int count = file.ReadUpTo(offset, record);
        if (count < RecordLength)
        {
            ImageFormatException.Throw(AppleCryptFormat.Info.Id, offset, "a key record is cut off");
        }

        uint saltLength = BinaryPrimitives.ReadUInt32BigEndian(record[12..]);
        uint vectorLength = BinaryPrimitives.ReadUInt32BigEndian(record[48..]);
        uint blobLength = BinaryPrimitives.ReadUInt32BigEndian(record[100..]);
        if (saltLength is 0 or > 32 || vectorLength != 8 || blobLength is 0 || blobLength > count - RecordLength)
        {
            ImageFormatException.Throw(
                AppleCryptFormat.Info.Id,
                offset + 12,
                $"a key record has a salt of {saltLength} bytes, a vector of {vectorLength}, a key of {blobLength}");
        }

        // PBKDF2, HMAC-SHA1; then 192 bits, 3DES-EDE, PKCS #7, CBC: the codes of Apple's CDSA.
        CheckCode(record, 0, 103, "key derivation");
        CheckCode(record, 4, 0, "key derivation function");
        CheckCode(record, 84, 192, "key encryption length");
        CheckCode(record, 88, 17, "key encryption");
        CheckCode(record, 92, 7, "key padding");
        CheckCode(record, 96, 6, "key encryption mode");
        uint iterations = BinaryPrimitives.ReadUInt32BigEndian(record[8..]);
        byte[] key = CryptKeys.Derive(password, record.Slice(16, (int)saltLength), iterations, offset + 8);
        return CryptKeys.Unwrap(key, record.Slice(52, 8), record.Slice(RecordLength, (int)blobLength));
    }

    private static void CheckCode(ReadOnlySpan<byte> record, int offset, uint expected, string what)
    {
        uint value = BinaryPrimitives.ReadUInt32BigEndian(record[offset..]);
        if (value != expected)
        {
            UnsupportedFeatureException.Throw(AppleCryptFormat.Info.Id, $"{what} {value}");
        }
    }
}
