using System.IO.Hashing;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.V2i;

/// <summary>Checks every block of a set: both CRCs, and that the blocks follow each other without gap.</summary>
internal static class V2iCheck
{
    /// <summary>Reads all blocks.</summary>
    public static void Run(V2iFiles files, V2iMetadata metadata, ImageCheck check)
    {
        check.Begin("blocks", metadata.BlockCount * V2iHeader.SlotLength);
        byte[] slot = new byte[V2iHeader.SlotLength];

        // Where the next block begins in the stream; -1 behind a header that cannot be read.
        long end = V2iHeader.PayloadLength;
        int wrong = 0;
        for (long i = 0; i < metadata.BlockCount; i++)
        {
            long offset = i * V2iHeader.SlotLength;
            files.Blocks.Read(offset, slot);
            long next = -1;
            try
            {
                V2iHeader header = files.Check(V2iHeader.Parse(slot, offset), i);
                next = header.StreamOffset + header.StreamLength;
                if (end >= 0 && end != header.StreamOffset)
                {
                    V2iFormat.Throw(offset, $"block {i + 1} is byte {header.StreamOffset} of the stream, not {end}");
                }

                if (Crc32.HashToUInt32(slot.AsSpan(V2iHeader.Length)) != header.PayloadCrc)
                {
                    V2iFormat.Throw(offset, $"block {i + 1} is damaged: its CRC is wrong");
                }
            }
            catch (ImageFormatException error)
            {
                wrong++;
                check.Report(null, error.Message);
            }

            end = next;
            check.Advance(slot.Length);
        }

        if (end >= 0 && end != metadata.StreamLength)
        {
            check.Report(null, $"the blocks hold {end} bytes of a stream of {metadata.StreamLength}");
        }
        else if (wrong == 0)
        {
            check.Confirm(FormattableString.Invariant($"CRC-32 of {metadata.BlockCount:N0} blocks"));
        }
    }
}
