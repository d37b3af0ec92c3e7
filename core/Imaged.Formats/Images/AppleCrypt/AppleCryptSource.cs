using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Imaged.Blocks;

namespace Imaged.Formats.Images.AppleCrypt;

/// <summary>The image inside an encrypted one: blocks of AES in CBC mode, the initialization vector of each being the
/// HMAC-SHA1 of its number. Runs of blocks are decrypted together.</summary>
internal sealed class AppleCryptSource : ChunkedSource
{
    private const int CipherLength = 16;
    private const int MinRunLength = 64 << 10;

    private readonly BlockSource _file;
    private readonly CryptLayout _layout;
    private readonly int _runLength;

    /// <summary>Does not own the file.</summary>
    public AppleCryptSource(BlockSource file, CryptLayout layout, BlockCache cache)
        : base(cache)
    {
        _file = file;
        _layout = layout;
        _runLength = Math.Max(MinRunLength / layout.BlockLength, 1) * layout.BlockLength;
    }

    /// <inheritdoc/>
    public override long Length => _layout.Length;

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        long run = offset / _runLength;
        long begin = run * _runLength;
        return Chunk.Encoded(run, begin, (int)Math.Min(_runLength, Length - begin));
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        int blockLength = _layout.BlockLength;
        int stored = (destination.Length + blockLength - 1) / blockLength * blockLength;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(2 * stored);
        try
        {
            Span<byte> encrypted = buffer.AsSpan(0, stored);
            Span<byte> plain = buffer.AsSpan(stored, stored);
            _file.Read(_layout.DataOffset + chunk.Offset, encrypted);
            Decrypt(encrypted, plain, chunk.Offset / blockLength);
            plain[..destination.Length].CopyTo(destination);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    // CBC by hand: one call decrypts all blocks, then each piece of 16 bytes is combined with the one before it as it
    // was encrypted, the first one of a block with the vector. A call for each block would take longer than the block.
    [SuppressMessage("Security", "CA5350:Do not use weak algorithms", Justification = "the format says HMAC-SHA1")]
    [SuppressMessage("Security", "CA5358:Review cipher mode usage", Justification = "the chaining is done here")]
    private void Decrypt(Span<byte> encrypted, Span<byte> plain, long firstBlock)
    {
        using Aes cipher = Aes.Create();
        cipher.Key = _layout.DataKey;
        cipher.DecryptEcb(encrypted, plain, PaddingMode.None);
        Span<byte> number = stackalloc byte[sizeof(uint)];
        Span<byte> vector = stackalloc byte[HMACSHA1.HashSizeInBytes];
        for (int at = 0; at < plain.Length; at += _layout.BlockLength)
        {
            // The number has 32 bits, and begins anew behind 2 TiB and more.
            long block = firstBlock + (at / _layout.BlockLength);
            BinaryPrimitives.WriteUInt32BigEndian(number, (uint)(block & uint.MaxValue));
            HMACSHA1.HashData(_layout.VectorKey, number, vector);
            Combine(plain.Slice(at, CipherLength), vector[..CipherLength]);
            Combine(
                plain.Slice(at + CipherLength, _layout.BlockLength - CipherLength),
                encrypted.Slice(at, _layout.BlockLength - CipherLength));
        }
    }

    private static void Combine(Span<byte> bytes, ReadOnlySpan<byte> with)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        ReadOnlySpan<ulong> others = MemoryMarshal.Cast<byte, ulong>(with);
        for (int i = 0; i < words.Length; i++)
        {
            words[i] ^= others[i];
        }
    }
}
