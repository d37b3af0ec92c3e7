using System.Buffers.Binary;
using System.IO.Hashing;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Partclone;

/// <summary>Checks the CRCs that stand between the blocks.</summary>
internal sealed class PartcloneCheck
{
    private const int BufferLength = 1 << 20;

    private readonly BlockSource _file;
    private readonly PartcloneHeader _header;
    private readonly PartcloneLayout _layout;
    private readonly ImageCheck _check;
    private readonly Crc32 _crc = new();
    private readonly byte[] _buffer = new byte[BufferLength];

    // Of the strip that is being read: number of its first block.
    private long _firstBlock;
    private long _checked;
    private long _wrong;

    private PartcloneCheck(BlockSource file, PartcloneHeader header, PartcloneLayout layout, ImageCheck check)
    {
        _file = file;
        _header = header;
        _layout = layout;
        _check = check;
    }

    /// <summary>Reads all stored blocks that are in the file.</summary>
    public static void Run(
        BlockSource file, PartcloneHeader header, PartcloneBitmap bitmap, PartcloneLayout layout, ImageCheck check)
    {
        PartcloneCheck run = new(file, header, layout, check);
        long count = layout.CountIn(file.Length, bitmap.UsedCount);
        check.Begin("checksums", count * header.BlockLength);
        run.ReadBlocks(bitmap, count);
        if (run._wrong == 0)
        {
            check.Confirm(FormattableString.Invariant($"{run._checked:N0} CRCs of blocks"));
        }
    }

    private void ReadBlocks(PartcloneBitmap bitmap, long count)
    {
        for (long block = 0; block < _header.BlockCount;)
        {
            BitRun run = bitmap.FindRun(block, out long stored);
            long end = run.IsSet ? Math.Min(stored + run.Length, count) : stored;
            for (long at = stored; at < end;)
            {
                if (at % _layout.StripLength == 0)
                {
                    _firstBlock = block + (at - stored);
                }

                long next = Math.Min(end, at + _layout.StripLength - (at % _layout.StripLength));
                Append(_layout.OffsetOf(at), (next - at) * _header.BlockLength);
                at = next;
                if (at % _layout.StripLength == 0 || at == bitmap.UsedCount)
                {
                    CompareAt(_layout.OffsetOf(at - 1) + _header.BlockLength);
                }
            }

            block += run.Length;
        }
    }

    private void Append(long offset, long length)
    {
        for (long done = 0; done < length;)
        {
            Span<byte> part = _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, length - done));
            _file.Read(offset + done, part);
            _crc.Append(part);
            done += part.Length;
            _check.Advance(part.Length);
        }
    }

    private void CompareAt(long offset)
    {
        if (_wrong > 0 && !_header.Reseeds)
        {
            return; // each CRC is of all blocks before it: no other one can be right
        }

        Span<byte> stored = stackalloc byte[sizeof(uint)];
        _checked++;
        if (_file.ReadUpTo(offset, stored) < stored.Length
            || BinaryPrimitives.ReadUInt32LittleEndian(stored) != ~_crc.GetCurrentHashAsUInt32())
        {
            _wrong++;
            _check.Report(
                _firstBlock * _header.BlockLength,
                $"the CRC at byte {offset} of the file does not fit the blocks before it");
        }

        if (_header.Reseeds)
        {
            _crc.Reset();
        }
    }
}
