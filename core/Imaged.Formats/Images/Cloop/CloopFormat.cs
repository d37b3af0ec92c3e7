using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Cloop;

/// <summary>Compressed loop images of Knoppix and others, version 2: a shell script that mounts itself, then a table of
/// blocks. Numbers are big endian.</summary>
internal sealed class CloopFormat : IImageFormat
{
    /// <summary>Byte offset of the table.</summary>
    public const int TableOffset = 136;

    private const int HeaderOffset = 128;

    public static FormatInfo Info { get; } =
        new("cloop", "compressed loop image", [".cloop", ".cloop2"], FormatCaps.Read);

    private static ReadOnlySpan<byte> Magic => "#!/bin/sh\n#V2.0 Format\nmodprobe cloop "u8;

    public static Match Probe(ProbeWindow window) => window.Has(0, Magic) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource file = opener.Content;
        Span<byte> raw = stackalloc byte[TableOffset];
        if (file.ReadUpTo(0, raw) < raw.Length || !raw.StartsWith(Magic))
        {
            Throw(0, "there is no header");
        }

        uint block = BinaryPrimitives.ReadUInt32BigEndian(raw[HeaderOffset..]);
        uint count = BinaryPrimitives.ReadUInt32BigEndian(raw[(HeaderOffset + 4)..]);
        if (block is < 512 or > ChunkedSource.MaxChunkLength || block % 512 != 0)
        {
            Throw(HeaderOffset, $"the block size {block} is no number of sectors up to {ChunkedSource.MaxChunkLength}");
        }

        // One entry more tells where the last block ends.
        if (TableOffset + ((count + 1ul) * 8) > (ulong)file.Length)
        {
            Throw(HeaderOffset + 4, $"the table of {count} blocks is not inside the file");
        }

        return new DiskImage(Info, new CloopSource((int)block, count, file, opener.Cache))
        {
            Details = [new("Block size", $"{block}")],
        };
    }

    /// <summary>Throws an <see cref="ImageFormatException"/> of this format.</summary>
    [DoesNotReturn]
    public static void Throw(long offset, string message) => ImageFormatException.Throw(Info.Id, offset, message);
}
