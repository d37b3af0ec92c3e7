using Imaged.Formats.Images.Headered;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Vdf;

/// <summary>Virtual disks of FreeVDF and VDFCrypt, of which nothing but the name is on record: a disk is looked for in
/// any file of that name, behind any header.</summary>
internal sealed class VdfFormat : IImageFormat
{
    // Random bytes have 8 bits of information each.
    private const double Random = 7.95;
    private const int MinEntropyLength = 4096;

    public static FormatInfo Info { get; } = new("vdf", "FreeVDF disk image", [".vdf"], FormatCaps.Read);

    public static Match Probe(ProbeWindow window) => window.HasExtension(Info.Extensions) ? Match.Likely : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        ProbeWindow window = ProbeWindow.Read(opener.Content, opener.FileName);
        if (Foreign(window) is { } other)
        {
            throw new ImageFormatException(Info.Id, 0, $"the file is {other}, not the image of a disk");
        }

        return HeaderedFormat.TryOpen(Info, opener.Content) ?? throw new UnsupportedFeatureException(
            Info.Id,
            EntropyOf(window.Head) > Random
                ? "the file looks encrypted (VDFCrypt?): the format was never documented, and an encrypted image"
                : "a disk that begins nowhere in the file (the format was never documented; "
                    + "--format raw opens it as it is)");
    }

    // What else has names that end so.
    private static string? Foreign(ProbeWindow window) =>
        window.Has(256, "PSVDSC_V2.00"u8) ? "a game archive (VDFS)"
        : window.Has(0, "MZ"u8) ? "a filter of VirtualDub"
        : window.Has(0, "\0shortcuts\0"u8) ||
            (window.Has(1, [0x44, 0x56, 7]) || window.Has(1, [0x55, 0x56, 6])) ? "a list of Steam"
        : IsText(window.Head) ? "a text"
        : null;

    private static bool IsText(ReadOnlySpan<byte> head)
    {
        if (head.IsEmpty)
        {
            return false;
        }

        foreach (byte letter in head[..Math.Min(512, head.Length)])
        {
            if (letter is < 0x20 and not (9 or 10 or 13))
            {
                return false;
            }
        }

        return head.TrimStart(" \t\r\n"u8) is [(byte)'"' or (byte)'/', ..];
    }

    // Bits of information in a byte, by how often each value occurs.
    private static double EntropyOf(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < MinEntropyLength)
        {
            return 0;
        }

        Span<int> counts = stackalloc int[256];
        counts.Clear();
        foreach (byte value in bytes)
        {
            counts[value]++;
        }

        double entropy = 0;
        foreach (int count in counts)
        {
            double share = (double)count / bytes.Length;
            entropy -= count == 0 ? 0 : share * Math.Log2(share);
        }

        return entropy;
    }
}
