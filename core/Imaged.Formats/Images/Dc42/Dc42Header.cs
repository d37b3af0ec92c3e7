using System.Buffers.Binary;
using Imaged.Formats.Apple;

namespace Imaged.Formats.Images.Dc42;

/// <summary>The header of a DiskCopy 4.2 image.</summary>
/// <param name="DiskName">Name of the disk.</param>
/// <param name="DataLength">Bytes of the sectors, a multiple of 512.</param>
/// <param name="TagLength">Bytes of the tags, a multiple of 12.</param>
/// <param name="DataChecksum">Of the sectors.</param>
/// <param name="TagChecksum">Of the tags but the first.</param>
internal readonly record struct Dc42Header(
    string DiskName, long DataLength, long TagLength, uint DataChecksum, uint TagChecksum)
{
    /// <summary>Bytes of the header.</summary>
    public const int Length = 84;

    /// <summary>Bytes of the tag of a sector.</summary>
    public const int TagSize = 12;

    private const int SectorSize = 512;
    private const int MaxNameLength = 63;

    // The format was made for floppy disks; some programs keep hard disks in it.
    private const uint MaxDataLength = 1 << 30;

    /// <summary>Byte offset behind the tags.</summary>
    public long End => Length + DataLength + TagLength;

    /// <summary>Reads the header. The magic number has one byte that means something, so all that can be checked
    /// is.</summary>
    /// <param name="raw">The beginning of the file.</param>
    /// <param name="fileLength">Its length in bytes.</param>
    /// <param name="header">The header.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(ReadOnlySpan<byte> raw, long fileLength, out Dc42Header header)
    {
        header = default;
        if (raw.Length < Length || raw[0] > MaxNameLength || raw[0x52] != 1 || raw[0x53] != 0)
        {
            return false;
        }

        uint data = BinaryPrimitives.ReadUInt32BigEndian(raw[0x40..]);
        uint tags = BinaryPrimitives.ReadUInt32BigEndian(raw[0x44..]);
        if (data is 0 or > MaxDataLength || data % SectorSize != 0
            || (tags != 0 && tags != data / SectorSize * TagSize) || Length + (long)data + tags > fileLength)
        {
            return false;
        }

        header = new(
            MacRoman.Decode(raw.Slice(1, raw[0])),
            data,
            tags,
            BinaryPrimitives.ReadUInt32BigEndian(raw[0x48..]),
            BinaryPrimitives.ReadUInt32BigEndian(raw[0x4c..]));
        return true;
    }
}
