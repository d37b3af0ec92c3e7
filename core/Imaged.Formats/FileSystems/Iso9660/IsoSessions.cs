using Imaged.Blocks;

namespace Imaged.Formats.Iso9660;

/// <summary>Finds the sessions of a volume that was written in several goes.</summary>
internal static class IsoSessions
{
    private const int MaxSessions = 256;

    // Where the first session of an image begins that its writer means to go on with: block 16 is then left for a copy
    // of the newest session's descriptors.
    private const int GrownFirstSector = 32;

    // Sectors between the sessions of a CD: lead-out and lead-in, longer behind the first one.
    private const int FirstGap = 11400;
    private const int LaterGap = 6900;

    /// <summary>The descriptors of each session, in their order. Empty when there is not even one.</summary>
    public static List<IsoDescriptors> Find(BlockSource volume)
    {
        if (IsoDescriptors.Read(volume, 0) is not { } newest)
        {
            return [];
        }

        IsoDescriptors? first = TryRead(volume, GrownFirstSector);
        List<IsoDescriptors> sessions = [first ?? newest];
        while (sessions.Count < MaxSessions && FindNext(volume, sessions[^1], sessions.Count == 1) is { } next)
        {
            sessions.Add(next);
        }

        if (first is not null && newest.PrimaryRoot.SequenceEqual(sessions[^1].PrimaryRoot))
        {
            // The same tree, and the length of the whole volume instead of the session's.
            sessions[^1] = newest;
        }

        return sessions;
    }

    private static IsoDescriptors? FindNext(BlockSource volume, IsoDescriptors session, bool isFirst)
    {
        if (session.IsHighSierra || session.SpaceSize == 0)
        {
            return null;
        }

        long sectors =
            (((long)session.SpaceSize * session.BlockSize) + IsoDescriptors.Length - 1) / IsoDescriptors.Length;
        long end = session.SessionSector + sectors;
        ReadOnlySpan<long> candidates =
            [end, RoundUp(end, 16), RoundUp(end, 32), end + (isFirst ? FirstGap : LaterGap), end + 150];
        foreach (long candidate in candidates)
        {
            if (TryRead(volume, candidate) is { } next)
            {
                return next;
            }
        }

        return null;
    }

    // A session's blocks are counted from the beginning of the disc, so its root lies in it: that tells it from another
    // image that merely stands behind this one.
    private static IsoDescriptors? TryRead(BlockSource volume, long sector)
    {
        if (IsoDescriptors.Read(volume, sector) is not { IsHighSierra: false } descriptors)
        {
            return null;
        }

        uint root = IsoRecord.Both32(descriptors.PrimaryRoot[2..]);
        IsoLayout layout = new(volume, descriptors.BlockSize, 0, false, IsoScheme.Plain, 0);
        return layout.OffsetOf(root) >= (sector + IsoDescriptors.FirstSector) * IsoDescriptors.Length
            && IsoTreeChoice.NamesItself(layout, root)
            ? descriptors
            : null;
    }

    private static long RoundUp(long value, long unit) => (value + unit - 1) / unit * unit;
}
