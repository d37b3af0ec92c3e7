using System.Buffers.Binary;
using System.Text;

namespace Imaged.Formats.Partitions.Apm;

/// <summary>An entry of the Apple partition map; big-endian, addresses in blocks of the map.</summary>
internal readonly record struct ApmEntry(uint MapLength, uint First, uint Count, string Name, string Type, uint Status)
{
    public const int Size = 512;

    // Bit 3 of the status: holds a bootable system.
    public bool IsBootable => (Status & 8) != 0;

    /// <summary>Whether it stands for the map itself, for free space, or for nothing.</summary>
    public bool IsSpace => Type is "Apple_partition_map" or "Apple_Free" or "Apple_Void" or "Apple_Scratch";

    public static bool TryParse(ReadOnlySpan<byte> raw, out ApmEntry entry)
    {
        entry = default;
        if (raw is not [(byte)'P', (byte)'M', ..])
        {
            return false;
        }

        entry = new(
            BinaryPrimitives.ReadUInt32BigEndian(raw[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(raw[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(raw[12..]),
            ReadText(raw.Slice(16, 32)),
            ReadText(raw.Slice(48, 32)),
            BinaryPrimitives.ReadUInt32BigEndian(raw[88..]));
        return true;
    }

    private static string ReadText(ReadOnlySpan<byte> raw)
    {
        int end = raw.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? raw : raw[..end]);
    }
}
