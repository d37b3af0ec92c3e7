using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Signatures;

namespace Imaged.Formats.Swap;

/// <summary>Of a swap area only its header is worth anything when the machine is off: a page with label, UUID and bad
/// pages (include/linux/swap.h, "union swap_header").</summary>
internal sealed class SwapUsedBlocks : IUsedBlockMap
{
    private const int MinPageSize = 4096;
    private const int MaxPageSize = 65536;
    private const int SignatureLength = 10;

    public static string FileSystem => "swap";

    public static UsedBlocks Read(BlockSource volume)
    {
        SignatureReader reader = new(volume, 0);
        long pageSize = MinPageSize;
        while (pageSize < MaxPageSize && !reader.Has(pageSize - SignatureLength, "SWAPSPACE2"u8))
        {
            pageSize *= 2;
        }

        if (!reader.Has(pageSize - SignatureLength, "SWAPSPACE2"u8))
        {
            UnsupportedFeatureException.Throw(FileSystem, "the header of swap before Linux 2.2");
        }

        // Written in the byte order of its machine.
        bool isBigEndian = reader.BigU32(1024) == 1;
        long lastPage = isBigEndian ? reader.BigU32(1028) : reader.U32(1028);
        long end = (lastPage + 1) * pageSize;
        if ((!isBigEndian && reader.U32(1024) != 1) || lastPage == 0 || end > volume.Length)
        {
            ImageFormatException.Throw(FileSystem, 1024, $"a swap area of {lastPage} pages in {volume.Length} bytes");
        }

        BlockSet used = new(volume.Length);
        used.Mark(0, pageSize);
        used.Mark(end, volume.Length - end);
        return new(FileSystem, used);
    }
}
