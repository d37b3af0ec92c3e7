using Imaged.Blocks;
using Imaged.Ipc.Contract;

namespace Imaged.Worker.Run;

/// <summary>Ranges for an answer.</summary>
internal static class RangeMapper
{
    // A disk may have more bad places than fit into a message.
    private const int MaxListed = 1000;

    /// <summary>How many there are, and the first ones.</summary>
    public static ByteRanges Map(IReadOnlyList<BlockRange> ranges) => new()
    {
        Count = ranges.Count,
        Bytes = ranges.Sum(range => range.Length),
        First =
        [
            .. ranges.Take(MaxListed).Select(range => new ByteRange { Offset = range.Offset, Length = range.Length }),
        ],
    };
}
