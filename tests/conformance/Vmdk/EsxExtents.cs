using System.Buffers.Binary;

namespace Imaged.Conformance.Vmdk;

/// <summary>Sparse extents as ESX has them, which no program of Linux makes; qemu-img reads them.</summary>
internal static class EsxExtents
{
    /// <summary>A COWD extent with grains of so many sectors; grains of zeros are left away.</summary>
    public static byte[] Cowd(byte[] raw, int grainSectors)
    {
        const int Tables = 4096;
        int grain = grainSectors * 512;
        int grains = (raw.Length + grain - 1) / grain;
        int tables = (grains + Tables - 1) / Tables;
        int directorySectors = ((tables * 4) + 511) / 512;
        using MemoryStream file = new();
        byte[] header = new byte[4 * 512];
        "COWD"u8.CopyTo(header);
        uint[] fields = [1, 3, (uint)(raw.Length / 512), (uint)grainSectors, 4, (uint)tables];
        for (int i = 0; i < fields.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4 + (i * 4)), fields[i]);
        }

        file.Write(header);
        byte[] directory = new byte[directorySectors * 512];
        byte[] table = new byte[tables * Tables * 4];
        int firstTable = 4 + directorySectors;
        int next = firstTable + (table.Length / 512);
        using MemoryStream data = new();
        for (int i = 0; i < grains; i++)
        {
            ReadOnlySpan<byte> bytes = raw.AsSpan(i * grain, Math.Min(grain, raw.Length - (i * grain)));
            if (bytes.ContainsAnyExcept((byte)0))
            {
                BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(i * 4), (uint)next);
                data.Write(bytes);
                data.Write(new byte[grain - bytes.Length]);
                next += grainSectors;
            }
        }

        for (int i = 0; i < tables; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(
                directory.AsSpan(i * 4), (uint)(firstTable + (i * Tables * 4 / 512)));
        }

        file.Write(directory);
        file.Write(table);
        file.Write(data.ToArray());
        return file.ToArray();
    }

    /// <summary>A seSparse extent; grains of zeros are of all three kinds that read as zero.</summary>
    public static byte[] SeSparse(byte[] raw)
    {
        const int Grain = 4096;
        const int Tables = 4096;
        int grains = (raw.Length + Grain - 1) / Grain;
        int tables = (grains + Tables - 1) / Tables;
        int firstTable = 24;
        int firstGrain = firstTable + (tables * 64);
        byte[] head = new byte[firstGrain * 512];
        ulong[] constant =
        [
            0xcafebabe, 0x2_0000_0001, (ulong)(raw.Length / 512), 8, 64, 0, 0, 0, 0, 0,
            1, 1,                                    // volatile header
            2, 1, 3, 1,                              // journal header, journal
            16, 8, (ulong)firstTable, (ulong)(tables * 64),
            (ulong)firstGrain, 0, (ulong)firstGrain, 0,  // free bitmap, back map
            (ulong)firstGrain, (ulong)(grains * 8),
        ];
        for (int i = 0; i < constant.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(i * 8), constant[i]);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(512), 0xcafecafe);
        for (int i = 0; i < tables; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(
                head.AsSpan((16 * 512) + (i * 8)), 0x1000_0000_0000_0000ul | (uint)i);
        }

        using MemoryStream data = new();
        ulong next = 0;
        for (int i = 0; i < grains; i++)
        {
            ReadOnlySpan<byte> bytes = raw.AsSpan(i * Grain, Math.Min(Grain, raw.Length - (i * Grain)));
            ulong entry = (ulong)(i % 3) << 60;
            if (bytes.ContainsAnyExcept((byte)0))
            {
                entry = 0x3000_0000_0000_0000 | ((next & 0xfff) << 48) | (next >> 12);
                data.Write(bytes);
                data.Write(new byte[Grain - bytes.Length]);
                next++;
            }

            BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan((firstTable * 512) + (i * 8)), entry);
        }

        return [.. head, .. data.ToArray()];
    }
}
