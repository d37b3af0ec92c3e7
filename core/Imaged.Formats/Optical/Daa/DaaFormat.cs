using System.Collections.Immutable;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Daa;

/// <summary>Direct Access Archive of PowerISO, and gBurner's GBI: a disc image in compressed chunks, in one file or
/// several.</summary>
internal sealed class DaaFormat : IImageFormat
{
    /// <summary>Its id, for errors.</summary>
    public const string Id = "daa";

    /// <summary>What the first file begins with, up to 16 bytes with zeros.</summary>
    public static readonly byte[][] Signatures =
    [
        [.. "DAA"u8, .. new byte[13]],
        [.. "GBI"u8, .. new byte[13]],
    ];

    private static readonly byte[][] LaterParts = [[.. "DAA VOL\0"u8], [.. "GBI VOL\0"u8]];

    public static FormatInfo Info { get; } =
        new(Id, "PowerISO, gBurner", [".daa", ".gbi"], FormatCaps.Read | FormatCaps.Split | FormatCaps.Wrapper);

    public static Match Probe(ProbeWindow window) =>
        Signatures.Concat(LaterParts).Any(signature => window.Has(0, signature)) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        Span<byte> start = stackalloc byte[8];
        if (opener.Content.ReadUpTo(0, start) == start.Length
            && (start.SequenceEqual(LaterParts[0]) || start.SequenceEqual(LaterParts[1])))
        {
            ImageFormatException.Throw(Id, 0, "this is a later part of an image, open the first one");
        }

        DaaHeader header = DaaHeader.Read(opener.Content);
        DaaDescriptors descriptors = DaaDescriptors.Read(opener.Content, header);
        DaaCipher? cipher = descriptors.Key is null
            ? null
            : DaaCipher.Unlock(opener, descriptors.Key, descriptors.KeyCrc);
        BlockSource data = DaaParts.Join(opener, header.DataOffset, descriptors.PartCount);
        DaaTable table = DaaTable.Read(opener.Content, header, data.Length);
        return new(Info, new DaaSource(data, header, table, cipher, opener.Cache))
        {
            Details = Describe(header, descriptors),
        };
    }

    private static ImmutableArray<KeyValuePair<string, string>> Describe(DaaHeader header, DaaDescriptors descriptors)
    {
        ImmutableArray<KeyValuePair<string, string>>.Builder details =
            ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        details.Add(new("Version", header.IsVersion2 ? "2" : "1"));
        details.Add(new("Chunk size", header.ChunkLength.ToString(CultureInfo.InvariantCulture)));
        if (descriptors.PartCount > 1)
        {
            details.Add(new("Parts", descriptors.PartCount.ToString(CultureInfo.InvariantCulture)));
        }

        if (descriptors.Key is not null)
        {
            details.Add(new("Encryption", "password"));
        }

        return details.ToImmutable();
    }
}
