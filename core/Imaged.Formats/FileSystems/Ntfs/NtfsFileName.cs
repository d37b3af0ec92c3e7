using System.Buffers.Binary;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Ntfs;

/// <summary>A name of a file: an attribute of it, and the key of an entry of a directory.</summary>
/// <param name="Parent">The directory.</param>
/// <param name="IsDosOnly">Whether it is the 8.3 name of a file that has another one in the same directory.</param>
/// <param name="Name">Its bytes, as <see cref="FileNames.FromUtf16"/> makes them.</param>
/// <param name="Attributes">Those of the file, as they once were.</param>
internal sealed record NtfsFileName(NtfsReference Parent, bool IsDosOnly, byte[] Name, DosAttributes Attributes)
{
    /// <summary>Bytes before the name itself.</summary>
    public const int HeaderLength = 66;

    private const byte DosNamespace = 2;

    /// <summary>Parses a name; null when it is damaged.</summary>
    public static NtfsFileName? TryParse(ReadOnlySpan<byte> raw) =>
        raw.Length < HeaderLength || raw[64] * 2 > raw.Length - HeaderLength
            ? null
            : new(
                new(BinaryPrimitives.ReadUInt64LittleEndian(raw)),
                raw[65] == DosNamespace,
                FileNames.FromUtf16(raw.Slice(HeaderLength, raw[64] * 2)),
                (DosAttributes)BinaryPrimitives.ReadUInt32LittleEndian(raw[56..]));
}
