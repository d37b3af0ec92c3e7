using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Mds;

/// <summary>Media descriptors of Alcohol 120% and DAEMON Tools: of version 1 and 2 in a file of their own beside the
/// sectors, of version 2 also in one file with them.</summary>
internal sealed class MdsFormat : IImageFormat
{
    /// <summary>Id of the format.</summary>
    public const string Id = "mds";

    private const int VersionOffset = 16;
    private const int HeaderLength = 64;
    private const long MaxDescriptorLength = 64 << 20;

    public static FormatInfo Info { get; } = new(
        Id, "Alcohol 120% or DAEMON Tools disc image", [
            ".mds", ".mdx", ".xmd"], FormatCaps.Read | FormatCaps.Split | FormatCaps.Descriptor);

    public static Match Probe(ProbeWindow window) => window.Has(0, "MEDIA DESCRIPTOR"u8) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        Span<byte> head = stackalloc byte[VersionOffset + 2];
        if (opener.Content.Length < HeaderLength)
        {
            ImageFormatException.Throw(Id, 0, $"the file has {opener.Content.Length} bytes, fewer than its header");
        }

        opener.Content.Read(0, head);
        if (!head[..VersionOffset].SequenceEqual("MEDIA DESCRIPTOR"u8))
        {
            ImageFormatException.Throw(Id, 0, "the file does not begin with MEDIA DESCRIPTOR");
        }

        bool isMdx = false;
        MdsDescriptor descriptor = head[VersionOffset] switch
        {
            1 => MdsReader1.Read(new(ReadWhole(opener)), opener.FileName),
            2 => MdsReader2.Read(opener, out isMdx),
            byte other => throw new UnsupportedFeatureException(Id, $"version {other} of the descriptor"),
        };
        List<string> warnings = [];
        Disc disc = MdsLayout.Build(opener, descriptor, warnings, out IReadOnlyList<IDisposable> owned);
        bool isCompressed = descriptor.Tracks.Any(track => track.Files.Any(file => file.GroupSectors > 0));
        return DiscImage.Create(
            Info,
            disc,
            warnings,
            [
                new("Version", $"{head[VersionOffset]}.{head[VersionOffset + 1]}{(isMdx ? ", MDX" : string.Empty)}"),
                .. isCompressed ? [new("Compression", "deflate")] : (KeyValuePair<string, string>[])[],
                .. descriptor.Cipher is null ? [] : (KeyValuePair<string, string>[])[
                    new("Encryption", "AES-256 in LRW")],
            ],
            owned);
    }

    private static byte[] ReadWhole(ImageOpener opener)
    {
        long length = opener.Content.Length;
        if (length > MaxDescriptorLength)
        {
            ImageFormatException.Throw(Id, 0, $"the descriptor has {length} bytes, more than {MaxDescriptorLength}");
        }

        return opener.Content.ReadBytes(0, (int)length);
    }
}
