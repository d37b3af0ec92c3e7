using Imaged.Fuse.Abi;

namespace Imaged.Fuse.Session;

/// <summary>Answers INIT.</summary>
internal static class Negotiation
{
    private const uint Major = 7;
    private const uint Minor = 45;

    // 7.28 (Linux 4.20) brought MAX_PAGES; nothing older is worth the code.
    private const uint OldestMinor = 28;

    // Nobody writes; this is the least that the kernel takes.
    private const uint MaxWrite = 4096;
    private const ushort MaxBackground = 64;
    private const ushort CongestionThreshold = 48;

    // Without AUTO_INVAL_DATA and with EXPLICIT_INVAL_DATA the page cache stays until unmount: content never changes.
    // Without READDIRPLUS_AUTO: entries carry their attributes anyway, and with it a program that lists a directory
    // before it looks at the files (find, tar, cp) makes one request for each.
    private const FuseInitFlags Wanted =
        FuseInitFlags.AsyncRead | FuseInitFlags.BigWrites | FuseInitFlags.DoReadDirPlus | FuseInitFlags.AsyncDirectIo
        | FuseInitFlags.ParallelDirOps | FuseInitFlags.AbortError | FuseInitFlags.MaxPages | FuseInitFlags.CacheSymlinks
        | FuseInitFlags.NoOpenDirSupport | FuseInitFlags.ExplicitInvalidation | FuseInitFlags.InitExt
        | FuseInitFlags.HasResend;

    /// <summary>Makes the answer.</summary>
    /// <param name="offer">What the kernel sent.</param>
    /// <param name="maxPayload">Largest reply that the session has room for, in bytes.</param>
    /// <param name="answer">What to send.</param>
    /// <returns><see cref="FuseStatus.Protocol"/> when the kernel is too old.</returns>
    public static FuseStatus Answer(in FuseInitIn offer, int maxPayload, out FuseInitOut answer)
    {
        answer = new() { Major = Major, Minor = Math.Min(Minor, offer.Minor) };
        if (offer.Major > Major)
        {
            // The kernel asks again with the version that stands in the answer.
            return FuseStatus.Ok;
        }

        ulong offered = offer.Flags;
        if ((offered & (ulong)FuseInitFlags.InitExt) != 0)
        {
            offered |= (ulong)offer.Flags2 << 32;
        }

        FuseInitFlags flags = Wanted & (FuseInitFlags)offered;
        if (offer.Major < Major || offer.Minor < OldestMinor || (flags & FuseInitFlags.MaxPages) == 0)
        {
            return FuseStatus.Protocol;
        }

        answer.MaxReadAhead = offer.MaxReadAhead;
        answer.Flags = (uint)flags;
        answer.Flags2 = (uint)((ulong)flags >> 32);
        answer.MaxBackground = MaxBackground;
        answer.CongestionThreshold = CongestionThreshold;
        answer.MaxWrite = MaxWrite;
        answer.TimeGranularity = 1;
        answer.MaxPages = (ushort)Math.Clamp(maxPayload / Environment.SystemPageSize, 1, ushort.MaxValue);
        return FuseStatus.Ok;
    }
}
