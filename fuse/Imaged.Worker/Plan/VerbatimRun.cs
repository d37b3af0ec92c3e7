using Imaged.Blocks;

namespace Imaged.Worker.Plan;

/// <summary>Finds out whether the bytes of a source lie unchanged and in one run in one file of the host.</summary>
internal static class VerbatimRun
{
    // A source in one run may tell it in pieces; one in more pieces than this is not worth asking.
    private const int MaxExtents = 4096;

    /// <summary>Where the whole source lies; null when it does not lie in one run.</summary>
    public static HostRange? Find(BlockSource source)
    {
        HostRange? first = null;
        long offset = 0;
        for (int count = 0; offset < source.Length; count++)
        {
            Extent extent = source.GetExtent(offset);
            if (count == MaxExtents || extent is not { Kind: ExtentKind.Data, Host: { } host })
            {
                return null;
            }

            first ??= host;
            if (host.FileIndex != first.Value.FileIndex || host.Offset != first.Value.Offset + offset)
            {
                return null;
            }

            offset = extent.End;
        }

        return first;
    }
}
