using System.Buffers;
using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Mds;

/// <summary>Sectors of a track that are compressed in groups, or encrypted, or both.</summary>
internal sealed class MdxSource : ChunkedSource
{
    private const string Format = MdsFormat.Id;
    private const int MaxGroupSectors = 4096;
    private const int MaxTableLength = 16 << 20;

    // A stored group is found by the sum of the lengths before it: one sum is kept for so many groups.
    private const int Step = 64;

    // Of sectors that are only encrypted so many make a chunk.
    private const int PlainGroupSectors = 32;
    private const ushort FilledBit = 0x8000;

    private readonly BlockSource _stored;
    private readonly MdxCipher? _cipher;
    private readonly long _begin;
    private readonly int _sectorLength;
    private readonly int _groupLength;

    // Length of each stored group; null when they are not compressed. 0: not compressed; with the upper bit: filled
    // with the lower byte, nothing stored.
    private readonly ushort[]? _table;
    private readonly long[] _sums = [];

    /// <summary>The sectors that one file holds.</summary>
    /// <param name="cache">For decoded groups.</param>
    /// <param name="stored">The file; stays the caller's.</param>
    /// <param name="begin">Byte offset of the first sector.</param>
    /// <param name="file">What the descriptor says of it.</param>
    /// <param name="sectorLength">Bytes of a sector.</param>
    /// <param name="cipher">What decrypts them, or null.</param>
    public MdxSource(
        BlockCache cache, BlockSource stored, long begin, MdsFile file, int sectorLength, MdxCipher? cipher)
        : base(cache)
    {
        _stored = stored;
        _begin = begin;
        _cipher = cipher;
        _sectorLength = sectorLength;
        bool isCompressed = file.GroupSectors > 0;
        if (file.GroupSectors > MaxGroupSectors)
        {
            ImageFormatException.Throw(
                Format, begin, $"{file.GroupSectors} sectors are compressed together, more than {MaxGroupSectors}");
        }

        _groupLength = sectorLength * (isCompressed ? (int)file.GroupSectors : PlainGroupSectors);
        Length = file.Count * sectorLength;
        if (isCompressed)
        {
            _table = ReadTable(file.TableOffset);
            _sums = MakeSums(_table);
        }
        else if (begin > stored.Length - Length)
        {
            ImageFormatException.Throw(Format, begin, $"{Length} bytes of sectors lie behind the end of the file");
        }
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        long group = offset / _groupLength;
        long at = group * _groupLength;
        int length = (int)Math.Min(_groupLength, Length - at);
        return _table is null || _table[group] is not (0 or FilledBit) ? Chunk.Encoded(group, at, length)
            : _table[group] == FilledBit ? Chunk.Zero(at, length)
            : _cipher is null ? Chunk.Verbatim(at, length, _stored, PositionOf(group))
            : Chunk.Encoded(group, at, length);
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        ushort entry = _table?[chunk.Index] ?? 0;
        long position = PositionOf(chunk.Index);
        if ((entry & FilledBit) != 0)
        {
            destination.Fill((byte)(entry & 0xff));
        }
        else if (entry == 0)
        {
            _stored.Read(position, destination);
            Decrypt(chunk.Index, destination);
        }
        else
        {
            Inflate(chunk.Index, position, entry, destination);
        }
    }

    private void Inflate(long group, long position, int length, Span<byte> destination)
    {
        byte[] packed = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            Span<byte> bytes = packed.AsSpan(0, length);
            _stored.Read(position, bytes);
            Decrypt(group, bytes);
            if (DeflateDecoder.DecodePrefix(bytes, destination) != destination.Length)
            {
                ImageFormatException.Throw(Format, position, $"compressed group {group} is damaged");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(packed);
        }
    }

    // Blocks of the cipher are numbered as if every sector had a whole number of them.
    private void Decrypt(long group, Span<byte> bytes)
    {
        ulong sector = (ulong)(group * (_groupLength / _sectorLength));
        ulong blocks = (ulong)(_sectorLength / MdxCipher.BlockLength);
        if (_table is not null)
        {
            _cipher?.DecryptLrw(bytes, 1 + (sector * blocks));
            return;
        }

        for (; _cipher is not null && !bytes.IsEmpty; bytes = bytes[_sectorLength..])
        {
            _cipher.DecryptLrw(bytes[.._sectorLength], 1 + (sector * blocks));
            sector++;
        }
    }

    private long PositionOf(long group)
    {
        if (_table is null)
        {
            return _begin + (group * _groupLength);
        }

        long position = _begin + _sums[group / Step];
        for (long i = group / Step * Step; i < group; i++)
        {
            position += StoredLength(_table[i], i);
        }

        return position;
    }

    private long StoredLength(ushort entry, long group) =>
        (entry & FilledBit) != 0 ? 0
        : entry == 0 ? Math.Min(_groupLength, Length - (group * _groupLength))
        : entry;

    private ushort[] ReadTable(ulong offset)
    {
        long count = (Length + _groupLength - 1) / _groupLength;
        long length = count * sizeof(ushort);
        if (offset > (ulong)_stored.Length || _begin > _stored.Length - (long)offset || length > MaxTableLength)
        {
            ImageFormatException.Throw(
                Format, _begin, $"the table of {count} compressed groups is to lie {offset} bytes behind it");
        }

        // How long it is compressed is not recorded; what does not compress grows by less than this.
        long begin = _begin + (long)offset;
        byte[] packed = _stored.ReadBytes(begin, (int)Math.Min(length + 4096, _stored.Length - begin));
        byte[] bytes = new byte[length];
        if (ZlibDecoder.Decode(packed, bytes) != length)
        {
            ImageFormatException.Throw(Format, begin, "the table of compressed groups is damaged");
        }

        ushort[] table = new ushort[count];
        for (int i = 0; i < table.Length; i++)
        {
            table[i] = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(i * sizeof(ushort)));
        }

        return table;
    }

    private long[] MakeSums(ushort[] table)
    {
        long[] sums = new long[(table.Length / Step) + 1];
        long sum = 0;
        for (int i = 0; i < table.Length; i++)
        {
            if (i % Step == 0)
            {
                sums[i / Step] = sum;
            }

            sum += StoredLength(table[i], i);
        }

        if (_begin > _stored.Length - sum)
        {
            ImageFormatException.Throw(
                Format, _begin, $"{sum} bytes of compressed groups lie behind the end of the file");
        }

        return sums;
    }
}
