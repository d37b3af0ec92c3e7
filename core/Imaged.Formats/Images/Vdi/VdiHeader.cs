using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Vdi;

/// <summary>How a VDI stores its disk.</summary>
internal enum VdiType
{
    /// <summary>In blocks, as far as they were written.</summary>
    Dynamic = 1,

    /// <summary>In blocks that are all there.</summary>
    Fixed = 2,

    /// <summary>What undoes changes of another one.</summary>
    Undo = 3,

    /// <summary>As far as it differs from a parent.</summary>
    Differencing = 4,
}

/// <summary>The header of a VDI, version 1.1, checked. Numbers are little endian.</summary>
/// <param name="Type">How the disk is stored.</param>
/// <param name="Length">Length of the disk in bytes.</param>
/// <param name="BlockLength">Length of a block in bytes.</param>
/// <param name="ExtraLength">Bytes before the data of each block.</param>
/// <param name="MapOffset">Byte offset of the block map.</param>
/// <param name="DataOffset">Byte offset of the first block.</param>
/// <param name="Id">Identity of the image: what a child names its parent by.</param>
/// <param name="ParentId">Identity of the parent; empty for none.</param>
internal sealed record VdiHeader(
    VdiType Type,
    long Length,
    int BlockLength,
    int ExtraLength,
    uint MapOffset,
    uint DataOffset,
    Guid Id,
    Guid ParentId)
{
    private const int Size = 456;
    private const uint Magic = 0xbeda107f;
    private const uint MaxBlock = 64 << 20;
    private const uint MaxExtra = 1 << 20;

    /// <summary>Whether a file begins with such a header.</summary>
    public static bool IsVdi(ReadOnlySpan<byte> head) =>
        head.Length >= 72 && BinaryPrimitives.ReadUInt32LittleEndian(head[64..]) == Magic;

    /// <summary>Parses and checks the header.</summary>
    /// <exception cref="ImageFormatException">It is wrong.</exception>
    /// <exception cref="UnsupportedFeatureException">The version is not 1.1.</exception>
    public static VdiHeader Parse(BlockSource file)
    {
        Span<byte> raw = stackalloc byte[Size];
        if (file.ReadUpTo(0, raw) < Size || !IsVdi(raw))
        {
            VdiFormat.Throw(64, "there is no header");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(raw[68..]);
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(raw[76..]);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(raw[368..]);
        uint block = BinaryPrimitives.ReadUInt32LittleEndian(raw[376..]);
        uint extra = BinaryPrimitives.ReadUInt32LittleEndian(raw[380..]);
        uint blocks = BinaryPrimitives.ReadUInt32LittleEndian(raw[384..]);
        uint map = BinaryPrimitives.ReadUInt32LittleEndian(raw[340..]);
        if (version >> 16 != 1)
        {
            throw new UnsupportedFeatureException(VdiFormat.Info.Id, $"version {version >> 16}.{version & 0xffff}");
        }

        if (type is < (uint)VdiType.Dynamic or > (uint)VdiType.Differencing)
        {
            VdiFormat.Throw(76, $"the type {type} is outside 1..4");
        }

        if (block is < 512 or > MaxBlock || !uint.IsPow2(block) || extra > MaxExtra)
        {
            VdiFormat.Throw(376, $"blocks of {block} bytes with {extra} bytes before are not 512 bytes to 64 MiB");
        }

        if (length > blocks * (ulong)block)
        {
            VdiFormat.Throw(384, $"{blocks} blocks of {block} bytes are too few for a disk of {length}");
        }

        if (map + (blocks * 4ul) > (ulong)file.Length)
        {
            VdiFormat.Throw(340, $"the map of {blocks} blocks at {map} is not inside the file");
        }

        return new(
            (VdiType)type,
            (long)length,
            (int)block,
            (int)extra,
            map,
            BinaryPrimitives.ReadUInt32LittleEndian(raw[344..]),
            new Guid(raw.Slice(392, 16)),
            new Guid(raw.Slice(424, 16)));
    }
}
