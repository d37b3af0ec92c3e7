using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Sectors;

/// <summary>Reads the stored bytes of sectors of a run. Thread-safe like what stores them.</summary>
internal static class SectorReader
{
    /// <summary>Stored main-channel bytes of some sectors one behind the other, descrambled, without their
    /// subchannel.</summary>
    /// <param name="run">The run; its sectors are stored.</param>
    /// <param name="first">First sector, counted from the beginning of the run.</param>
    /// <param name="count">Number of sectors.</param>
    /// <param name="buffer">At least <paramref name="count"/> times the stride of the run.</param>
    public static void Read(SectorRun run, long first, int count, Span<byte> buffer)
    {
        int length = run.Layout.Length();
        int bytes = ((count - 1) * run.Stride) + length;
        run.Main!.Read(run.MainOffset + (first * run.Stride), buffer[..bytes]);
        if (run.IsScrambled)
        {
            for (int i = 0; i < count; i++)
            {
                Descramble(buffer.Slice(i * run.Stride, length));
            }
        }
    }

    // The sync pattern is never scrambled, and the flag of a table is sometimes wrong: a header that makes sense as it
    // stands is left alone.
    private static void Descramble(Span<byte> sector)
    {
        if (RawSector.HasSync(sector)
            && !(Msf.TryReadHeader(sector[12..], out _)
                && (sector[15] & 0x1c) == 0
                && RawSector.ModeOf(sector) is 1 or 2))
        {
            Scrambler.Apply(sector);
        }
    }
}
