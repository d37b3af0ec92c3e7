using System.Numerics;

namespace Imaged.Formats.Signatures;

/// <summary>The label of an NTFS volume: an attribute of file 3.</summary>
internal static class NtfsVolume
{
    private const int VolumeFile = 3;
    private const uint VolumeName = 0x60;
    private const int MaxAttributes = 32;

    public static bool IsValid(SignatureReader reader) =>
        reader.U16(11) is >= 256 and <= 4096 && BitOperations.IsPow2(reader.U16(11)) && reader.U8(16) == 0
        && reader.U64(40) != 0 && reader.U64(48) <= reader.U64(40);

    public static string? Label(SignatureReader reader)
    {
        // Sectors per cluster: up to 128 as it is, above as a negative power of two.
        ulong perCluster = Power(reader.U8(13), 128);
        ulong clusterSize = perCluster * reader.U16(11);
        sbyte record = unchecked((sbyte)reader.U8(64));
        ulong recordSize = record > 0 ? (ulong)record * clusterSize : 1ul << Math.Min(-record, 16);
        long table = SignatureReader.Product(reader.U64(48), clusterSize);
        if (table > reader.Volume.Length)
        {
            return null;
        }

        SignatureReader file = reader.At(table + SignatureReader.Product(VolumeFile, recordSize));
        if (!file.Has(0, "FILE"u8))
        {
            return null;
        }

        long at = file.U16(20);
        for (int i = 0; i < MaxAttributes && at + 24 <= (long)recordSize; i++)
        {
            uint type = file.U32(at);
            uint length = file.U32(at + 4);
            if (type == VolumeName && file.U8(at + 8) == 0)
            {
                return file.Text16(at + file.U16(at + 20), (int)Math.Min(file.U32(at + 16) / 2, 128));
            }

            if (type == uint.MaxValue || length < 16 || length > recordSize)
            {
                return null;
            }

            at += length;
        }

        return null;
    }

    private static ulong Power(byte value, byte largest) =>
        value <= largest ? value : 1ul << Math.Min(256 - value, 16);
}
