using System.Buffers.Binary;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Ntfs;

/// <summary>A name in a directory.</summary>
/// <param name="Position">Where it stands; grows through the directory.</param>
/// <param name="File">What it names.</param>
/// <param name="Name">Its bytes, as <see cref="FileNames.FromUtf16"/> makes them.</param>
/// <param name="Attributes">Those of the file, when the directory was last brought up to date.</param>
internal sealed record NtfsIndexEntry(long Position, NtfsReference File, byte[] Name, DosAttributes Attributes)
{
    private const int HeaderLength = 16;
    private const ushort LastFlag = 2;

    public bool IsDirectory => (Attributes & DosAttributes.IndexedDirectory) != 0;

    /// <summary>Parses the entry at the beginning of some bytes.</summary>
    /// <param name="bytes">From the entry to the end of its block.</param>
    /// <param name="position">Of the entry.</param>
    /// <param name="entry">What it says; null when it shows no name: that of DOS beside another one, one of the
    /// volume's own files.</param>
    /// <returns>Its length in bytes; 0 when it is the last one, -1 when it is damaged.</returns>
    public static int Parse(ReadOnlySpan<byte> bytes, long position, out NtfsIndexEntry? entry)
    {
        entry = null;
        int length = bytes.Length < HeaderLength ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        if (length < HeaderLength || length > bytes.Length || length % 8 != 0)
        {
            return -1;
        }

        if ((BinaryPrimitives.ReadUInt16LittleEndian(bytes[12..]) & LastFlag) != 0)
        {
            return 0;
        }

        int keyLength = BinaryPrimitives.ReadUInt16LittleEndian(bytes[10..]);
        if (keyLength > length - HeaderLength
            || NtfsFileName.TryParse(bytes.Slice(HeaderLength, keyLength)) is not { } name)
        {
            return -1;
        }

        NtfsReference file = new(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        if (!name.IsDosOnly && name.Name.Length > 0 && file.Number >= NtfsVolume.FirstUserNumber)
        {
            entry = new(position, file, name.Name, name.Attributes);
        }

        return length;
    }
}
