using System.Buffers.Binary;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.ExFat;

/// <summary>Times (exFAT specification 7.4.8): date and time as DOS has them, hundredths of a second, and how far they
/// are from UTC.</summary>
internal static class ExFatTime
{
    private const byte ZoneIsKnown = 0x80;
    private const int SecondsPerZone = 15 * 60;

    /// <summary>A time in UTC; where the zone is not recorded it is taken for that.</summary>
    /// <param name="stamp">Four bytes: time, then date.</param>
    /// <param name="hundredths">Hundredths of a second to add: 0 to 199.</param>
    /// <param name="zone">Quarters of an hour east of UTC: seven bits with sign, and one that says that they are
    /// known.</param>
    public static Timestamp From(ReadOnlySpan<byte> stamp, byte hundredths, byte zone)
    {
        Timestamp local = DosTime.From(
            BinaryPrimitives.ReadUInt16LittleEndian(stamp[2..]),
            BinaryPrimitives.ReadUInt16LittleEndian(stamp),
            Math.Min((int)hundredths, 199));
        int quarters = (zone & ZoneIsKnown) == 0 ? 0 : unchecked((sbyte)(zone << 1)) >> 1;
        return local with { Seconds = local.Seconds - (quarters * SecondsPerZone) };
    }
}
