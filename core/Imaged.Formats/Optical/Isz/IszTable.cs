using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Isz;

/// <summary>Where the chunks stand in the data. Immutable.</summary>
internal sealed class IszTable
{
    // Byte offset of every chunk and of the end, times four, with the kind in the lowest bits.
    private readonly long[] _entries;

    private IszTable(long[] entries) => _entries = entries;

    private static ReadOnlySpan<byte> Key => [0xb6, 0x8c, 0xa5, 0xde];

    /// <summary>Reads the table.</summary>
    /// <param name="file">The first file.</param>
    /// <param name="header">Its header.</param>
    /// <param name="dataLength">Bytes of chunks that all files have.</param>
    /// <exception cref="ImageFormatException">The table is damaged, or data is missing.</exception>
    public static IszTable Read(BlockSource file, IszHeader header, long dataLength)
    {
        byte[] raw = [];
        if (header.TableOffset != 0)
        {
            int length = header.ChunkCount * header.EntryLength;
            if (header.TableOffset > file.Length - length)
            {
                ImageFormatException.Throw(IszFormat.Id, 35, $"the chunk table is at {header.TableOffset}");
            }

            raw = file.ReadBytes(header.TableOffset, length);
            Show(raw);
        }

        long[] entries = new long[header.ChunkCount + 1];
        long offset = 0;
        for (int i = 0; i < header.ChunkCount; i++)
        {
            int wanted = (int)Math.Min(header.ChunkLength, header.ImageLength - ((long)i * header.ChunkLength));
            (IszChunkKind kind, long length) = raw.Length == 0
                ? (IszChunkKind.Stored, wanted)
                : Parse(raw.AsSpan(i * header.EntryLength, header.EntryLength));
            if ((kind == IszChunkKind.Stored && length < wanted) || length > ChunkedSource.MaxChunkLength)
            {
                ImageFormatException.Throw(
                    IszFormat.Id, header.TableOffset, $"chunk {i} of {wanted} bytes has {length} stored ones");
            }

            entries[i] = offset << 2 | (long)kind;
            offset += kind == IszChunkKind.Zero ? 0 : length;
        }

        if (offset > dataLength)
        {
            ImageFormatException.Throw(
                IszFormat.Id, header.DataOffset, $"chunks have {offset} bytes, the files {dataLength}");
        }

        entries[header.ChunkCount] = offset << 2;
        return new(entries);
    }

    /// <summary>Makes a table readable, which is hidden by a key of four bytes.</summary>
    public static void Show(Span<byte> raw)
    {
        for (int i = 0; i < raw.Length; i++)
        {
            raw[i] ^= Key[i & 3];
        }
    }

    /// <summary>Byte offset of a chunk in the data.</summary>
    public long GetOffset(int index) => _entries[index] >> 2;

    /// <summary>Bytes that are stored of a chunk.</summary>
    public int GetLength(int index) => (int)((_entries[index + 1] >> 2) - (_entries[index] >> 2));

    /// <summary>How a chunk is stored.</summary>
    public IszChunkKind GetKind(int index) => (IszChunkKind)(_entries[index] & 3);

    private static (IszChunkKind Kind, long Length) Parse(ReadOnlySpan<byte> entry)
    {
        uint value = 0;
        for (int i = entry.Length - 1; i >= 0; i--)
        {
            value = value << 8 | entry[i];
        }

        int bits = (8 * entry.Length) - 2;
        return ((IszChunkKind)(value >> bits), value & ((1u << bits) - 1));
    }
}
