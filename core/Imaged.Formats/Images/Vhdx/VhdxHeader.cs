using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Vhdx;

/// <summary>The current one of the two headers of a VHDX (MS-VHDX 2.2.2). Numbers are little endian.</summary>
/// <param name="Sequence">The higher one of the two is current.</param>
/// <param name="DataWriteId">Identity of the content: what a child names its parent by.</param>
/// <param name="LogId">Identity of the log; empty when there is nothing to replay.</param>
/// <param name="LogOffset">Byte offset of the log.</param>
/// <param name="LogLength">Length of the log in bytes.</param>
internal sealed record VhdxHeader(ulong Sequence, Guid DataWriteId, Guid LogId, ulong LogOffset, uint LogLength)
{
    private const int Size = 4096;

    /// <summary>Finds the current header.</summary>
    /// <exception cref="ImageFormatException">Neither can be used.</exception>
    /// <exception cref="UnsupportedFeatureException">The version is not 1.</exception>
    public static VhdxHeader Read(BlockSource file)
    {
        VhdxHeader? first = TryParse(file, 64 << 10);
        VhdxHeader? second = TryParse(file, 128 << 10);
        VhdxHeader? current = (second?.Sequence ?? 0) > (first?.Sequence ?? 0) ? second : first ?? second;
        return current ?? throw new ImageFormatException(VhdxFormat.Info.Id, 64 << 10, "neither header is intact");
    }

    private static VhdxHeader? TryParse(BlockSource file, long offset)
    {
        if (offset > file.Length - Size)
        {
            return null;
        }

        ReadOnlySpan<byte> raw = file.ReadBytes(offset, Size);
        if (!raw.StartsWith("head"u8)
            || Crc32C.OfStructure(raw, 4) != BinaryPrimitives.ReadUInt32LittleEndian(raw[4..]))
        {
            return null;
        }

        ushort logVersion = BinaryPrimitives.ReadUInt16LittleEndian(raw[64..]);
        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(raw[66..]);
        if (version != 1 || logVersion != 0)
        {
            throw new UnsupportedFeatureException(
                VhdxFormat.Info.Id, $"version {version} with log version {logVersion}");
        }

        return new(
            BinaryPrimitives.ReadUInt64LittleEndian(raw[8..]),
            new Guid(raw.Slice(32, 16)),
            new Guid(raw.Slice(48, 16)),
            BinaryPrimitives.ReadUInt64LittleEndian(raw[72..]),
            BinaryPrimitives.ReadUInt32LittleEndian(raw[68..]));
    }
}
