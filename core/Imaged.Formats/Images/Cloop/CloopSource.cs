using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Images.Mapping;

namespace Imaged.Formats.Images.Cloop;

/// <summary>The blocks of a cloop image: zlib streams, and a table of where each begins and the last one
/// ends.</summary>
internal sealed class CloopSource : MappedSource
{
    private const int EntryLength = 8;

    // Deflate makes at most so many bytes of one (RFC 1951: 258 bytes of two bits).
    private const ulong MaxExpansion = 1032;

    /// <summary>The blocks; the file stays its owner's.</summary>
    /// <param name="blockLength">Length of a block in bytes.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="file">The image.</param>
    /// <param name="cache">For the table and decoded blocks.</param>
    public CloopSource(int blockLength, uint count, BlockSource file, BlockCache cache)
        : base(CloopFormat.Info.Id, file, cache, count * (long)blockLength, blockLength, EntryLength)
    {
    }

    /// <inheritdoc/>
    protected override EntryRun Locate(long index) =>
        EntryRun.At((ulong)(CloopFormat.TableOffset + (index * EntryLength)), long.MaxValue);

    /// <inheritdoc/>
    protected override Chunk Describe(in TableEntry entry)
    {
        // The entry behind tells where the block ends.
        Span<byte> next = stackalloc byte[EntryLength];
        bool isThere = TryReadTable(entry.At + EntryLength, next);
        Debug.Assert(isThere, "the table was found inside the file when the image was opened");
        ulong begin = entry.UInt64Big;
        ulong end = BinaryPrimitives.ReadUInt64BigEndian(next);
        return end <= begin || end > (ulong)ImageFile.Length || !IsPlausible(end - begin)
            ? Damaged(entry, $"a block from {begin} to {end} is not in the file, or too long or short")
            : Encoded(entry);
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        Span<byte> raw = stackalloc byte[2 * EntryLength];
        long at = CloopFormat.TableOffset + (chunk.Index * EntryLength);
        bool isThere = TryReadTable((ulong)at, raw);
        Debug.Assert(isThere, "the table was found inside the file when the image was opened");
        ulong begin = BinaryPrimitives.ReadUInt64BigEndian(raw);
        ulong end = BinaryPrimitives.ReadUInt64BigEndian(raw[EntryLength..]);
        int length = (int)(end - begin);
        byte[] stored = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            ImageFile.Read((long)begin, stored.AsSpan(0, length));
            if (ZlibDecoder.Decode(stored.AsSpan(0, length), destination) != destination.Length)
            {
                CloopFormat.Throw((long)begin, "the compressed block is damaged");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }

    // Whether a stream of this length can be one block; if not, no memory is spent on it.
    private bool IsPlausible(ulong stored) =>
        stored <= (2ul * (ulong)UnitLength) + 1024 && stored * MaxExpansion >= (ulong)UnitLength;
}
