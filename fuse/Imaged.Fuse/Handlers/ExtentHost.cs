using Imaged.Blocks;

namespace Imaged.Fuse.Handlers;

/// <summary>Where bytes of a source stand in a file of the host, by its extents.</summary>
internal static class ExtentHost
{
    /// <summary>As <see cref="IFuseHandler.TryLocate"/>.</summary>
    public static bool TryLocate(BlockSource source, long offset, int size, out HostRange range, out int count)
    {
        range = default;
        count = (int)Math.Clamp(source.Length - offset, 0, size);
        if (count == 0)
        {
            return false;
        }

        try
        {
            Extent extent = source.GetExtent(offset);
            if (extent is not { Kind: ExtentKind.Data, Host: { } host } || extent.Length < count)
            {
                return false;
            }

            range = host;
            return true;
        }
        catch (IOException)
        {
            // A damaged map; reading says what is wrong with it.
            return false;
        }
    }
}
