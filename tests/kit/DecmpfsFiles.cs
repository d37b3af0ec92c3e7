using System.Buffers.Binary;
using System.IO.Compression;

namespace Imaged.TestKit;

/// <summary>Compressed files of macOS, made by hand after decmpfs.h of Apple's kernel sources.</summary>
public static class DecmpfsFiles
{
    private const int ResourceOffset = 256;

    // The map of a resource fork with one resource, cmpf 1.
    private static readonly byte[] Map =
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28, 0, 50, 0, 0,
        .. "cmpf"u8, 0, 0, 0, 10, 0, 1, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    /// <summary>The attribute <c>com.apple.decmpfs</c>.</summary>
    /// <param name="kind">How the file is compressed.</param>
    /// <param name="length">Bytes of its content.</param>
    /// <param name="inline">What is in the attribute, or nothing.</param>
    public static byte[] Attribute(uint kind, long length, byte[] inline)
    {
        byte[] header = new byte[16];
        "fpmc"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), kind);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), length);
        return [.. header, .. inline];
    }

    /// <summary>The resource fork of a file of kind 4.</summary>
    public static byte[] ZlibFork(byte[][] pieces)
    {
        byte[] table = new byte[4 + (8 * pieces.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(table, pieces.Length);
        int at = table.Length;
        for (int i = 0; i < pieces.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(table.AsSpan(4 + (8 * i)), at);
            BinaryPrimitives.WriteInt32LittleEndian(table.AsSpan(8 + (8 * i)), pieces[i].Length);
            at += pieces[i].Length;
        }

        byte[] header = new byte[ResourceOffset + 4];
        BinaryPrimitives.WriteInt32BigEndian(header, ResourceOffset);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), ResourceOffset + 4 + at);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(8), 4 + at);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(12), Map.Length);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(ResourceOffset), at);
        return [.. header, .. table, .. pieces.SelectMany(piece => piece), .. Map];
    }

    /// <summary>The resource fork of a file of kind 8 or 12.</summary>
    public static byte[] OffsetFork(byte[][] pieces)
    {
        byte[] header = new byte[4 * (pieces.Length + 1)];
        int at = header.Length;
        for (int i = 0; i <= pieces.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4 * i), at);
            at += i < pieces.Length ? pieces[i].Length : 0;
        }

        return [.. header, .. pieces.SelectMany(piece => piece)];
    }

    /// <summary>A zlib stream.</summary>
    public static byte[] Zlib(byte[] bytes)
    {
        using MemoryStream stream = new();
        using (ZLibStream zlib = new(stream, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(bytes);
        }

        return stream.ToArray();
    }
}
