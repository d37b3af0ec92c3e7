using System.Buffers.Binary;
using System.Globalization;
using Imaged.Blocks;

namespace Imaged.Formats.Signatures;

/// <summary>The superblocks of Linux software RAID: 0.90 and 1.0 stand at the end of a member, 1.1 at its beginning,
/// 1.2 at 4 KiB.</summary>
internal static class LinuxRaid
{
    private const uint Magic = 0xa92b4efc;
    private const int Reserved = 65536;

    public static long Find(BlockSource volume)
    {
        // 1.x names its own place, in sectors.
        long end = volume.Length & ~0xfffL;
        foreach (long offset in volume.IsOneWay ? [0, 4096] : (ReadOnlySpan<long>)[0, 4096, end - 8192])
        {
            SignatureReader reader = new(volume, offset);
            if (reader.U32(0) == Magic && reader.U32(4) == 1 && reader.U64(144) == (ulong)(offset / 512))
            {
                return offset;
            }
        }

        if (volume.IsOneWay)
        {
            return -1;
        }

        // 0.90 stands in the last whole 64 KiB, in the byte order of the machine that wrote it.
        long last = (volume.Length & ~(Reserved - 1L)) - Reserved;
        SignatureReader old = new(volume, last);
        bool isOld = (old.U32(0) == Magic && old.U32(4) == 0) || (old.BigU32(0) == Magic && old.BigU32(4) == 0);
        return isOld ? last : -1;
    }

    public static string? Version(SignatureReader reader)
    {
        if (Field(reader, 1) == 1)
        {
            return reader.Origin switch { 0 => "1.1", 4096 => "1.2", _ => "1.0" };
        }

        return string.Create(
            CultureInfo.InvariantCulture, $"{Field(reader, 1)}.{Field(reader, 2)}.{Field(reader, 3)}");
    }

    public static string? Label(SignatureReader reader) => Field(reader, 1) == 1 ? reader.Text(32, 32) : null;

    public static string? Uuid(SignatureReader reader)
    {
        if (Field(reader, 1) == 1)
        {
            return reader.Uuid(16);
        }

        Span<byte> uuid = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32BigEndian(uuid, Field(reader, 5));
        for (int i = 1; i < 4; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(uuid[(4 * i)..], Field(reader, 12 + i));
        }

        return SignatureReader.Format(uuid);
    }

    private static uint Field(SignatureReader reader, int index) =>
        reader.U32(0) == Magic ? reader.U32(4 * index) : reader.BigU32(4 * index);
}
