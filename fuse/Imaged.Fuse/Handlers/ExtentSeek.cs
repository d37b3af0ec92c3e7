using Imaged.Blocks;
using Imaged.Fuse.Abi;

namespace Imaged.Fuse.Handlers;

/// <summary><c>SEEK_DATA</c> and <c>SEEK_HOLE</c> by the extents of a source.</summary>
internal static class ExtentSeek
{
    // A map of single clusters is walked this far in one call; behind that the answer is the one that is always right.
    private const int MaxExtents = 1 << 20;

    public static FuseStatus Seek(BlockSource source, long offset, bool hole, out long result)
    {
        long begin = offset;
        result = offset;
        if (offset >= source.Length)
        {
            return FuseStatus.NoAddress;
        }

        for (int i = 0; i < MaxExtents; i++)
        {
            Extent extent = source.GetExtent(offset);
            if ((extent.Kind != ExtentKind.Data) == hole)
            {
                result = offset;
                return FuseStatus.Ok;
            }

            offset = extent.End;
            if (offset >= source.Length)
            {
                // Behind the last byte is a hole, and no data.
                result = source.Length;
                return hole ? FuseStatus.Ok : FuseStatus.NoAddress;
            }
        }

        // Data may be claimed where there is none, and a hole at the end; the other way round would lose bytes.
        result = hole ? source.Length : begin;
        return FuseStatus.Ok;
    }
}
