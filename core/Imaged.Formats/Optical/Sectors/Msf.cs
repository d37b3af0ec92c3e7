using System.Globalization;

namespace Imaged.Formats.Optical.Sectors;

/// <summary>Addresses as minutes, seconds and frames of 1/75 second (ECMA-130 section 14.2).</summary>
internal static class Msf
{
    /// <summary>Sectors in a second.</summary>
    public const int FramesPerSecond = 75;

    /// <summary>Frames before sector 0: two seconds.</summary>
    public const int Origin = 150;

    // 100 minutes: where addresses begin anew, and negative ones lie behind.
    private const int Wrap = 100 * 60 * FramesPerSecond;

    /// <summary>Number of frames of a time.</summary>
    public static long Frames(long minutes, long seconds, long frames) =>
        (((minutes * 60) + seconds) * FramesPerSecond) + frames;

    /// <summary>A number of frames as <c>mm:ss:ff</c>; minutes may have more digits.</summary>
    public static string Text(long frames) => FormattableString.Invariant(
        $"{frames / (60 * FramesPerSecond):D2}:{frames / FramesPerSecond % 60:D2}:{frames % FramesPerSecond:D2}");

    /// <summary>Reads a time of a text descriptor, <c>mm:ss:ff</c>; minutes may have up to four digits.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long frames)
    {
        frames = 0;
        Span<Range> parts = stackalloc Range[4];
        if (text.Split(parts, ':') != 3)
        {
            return false;
        }

        if (!TryParsePart(text[parts[0]], 4, 9999, out int minutes)
            || !TryParsePart(text[parts[1]], 2, 59, out int seconds)
            || !TryParsePart(text[parts[2]], 2, FramesPerSecond - 1, out int rest))
        {
            return false;
        }

        frames = Frames(minutes, seconds, rest);
        return true;
    }

    /// <summary>A byte of two decimal digits; -1 when it is not one.</summary>
    public static int FromBcd(byte value) =>
        (value >> 4) > 9 || (value & 15) > 9 ? -1 : ((value >> 4) * 10) + (value & 15);

    /// <summary>Two decimal digits as a byte.</summary>
    /// <param name="value">0 to 99.</param>
    public static byte ToBcd(int value) => (byte)(((value / 10) << 4) | (value % 10));

    /// <summary>Writes the address of a sector as a header has it: three bytes of decimal digits.</summary>
    public static void WriteHeader(long lba, Span<byte> header)
    {
        int frames = (int)((((lba + Origin) % Wrap) + Wrap) % Wrap);
        header[0] = ToBcd(frames / (60 * FramesPerSecond));
        header[1] = ToBcd(frames / FramesPerSecond % 60);
        header[2] = ToBcd(frames % FramesPerSecond);
    }

    /// <summary>Reads the address in the header of a sector.</summary>
    /// <param name="header">Three bytes of decimal digits.</param>
    /// <param name="lba">The sector; negative from 90 minutes on only when it lies before sector 0, which no header
    /// tells: it is taken as it stands.</param>
    /// <returns>Whether they are such digits in their ranges.</returns>
    public static bool TryReadHeader(ReadOnlySpan<byte> header, out long lba)
    {
        int minutes = FromBcd(header[0]);
        int seconds = FromBcd(header[1]);
        int frames = FromBcd(header[2]);
        lba = Frames(minutes, seconds, frames) - Origin;
        return minutes >= 0 && seconds is >= 0 and < 60 && frames is >= 0 and < FramesPerSecond;
    }

    private static bool TryParsePart(ReadOnlySpan<char> text, int maxDigits, int max, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)
            && text.Length <= maxDigits
            && value <= max;
}
