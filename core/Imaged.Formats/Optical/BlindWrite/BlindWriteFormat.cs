using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.BlindWrite;

/// <summary>Images of BlindWrite: a descriptor and data files beside it. Versions 5 and 6 (<c>.b5t</c>, <c>.b6t</c>)
/// describe runs of sectors in any files; version 4 (<c>.bwt</c>) has one data file, and one with the
/// subchannels.</summary>
internal sealed class BlindWriteFormat : IImageFormat
{
    /// <summary>Id of the format.</summary>
    public const string Id = "blindwrite";

    private const long MaxDescriptorLength = 64 << 20;

    public static FormatInfo Info { get; } = new(
        Id, "BlindWrite disc image", [
            ".b5t", ".b6t", ".bwt"], FormatCaps.Read | FormatCaps.Split | FormatCaps.Descriptor);

    public static Match Probe(ProbeWindow window) =>
        window.Has(0, B5Descriptor.Signature) || window.Has(0, B4Descriptor.Signature) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        long length = opener.Content.Length;
        if (length > MaxDescriptorLength)
        {
            ImageFormatException.Throw(Id, 0, $"the descriptor has {length} bytes, more than {MaxDescriptorLength}");
        }

        byte[] bytes = opener.Content.ReadBytes(0, (int)length);
        List<string> warnings = [];
        if (bytes.AsSpan().StartsWith(B5Descriptor.Signature))
        {
            B5Descriptor descriptor = B5Descriptor.Read(bytes);
            return DiscImage.Create(
                Info, B5Layout.Build(opener, descriptor, warnings), warnings, [
                    new("Version", "5 or 6"), .. descriptor.Details]);
        }

        if (bytes.AsSpan().StartsWith(B4Descriptor.Signature))
        {
            return DiscImage.Create(
                Info, B4Layout.Build(opener, B4Descriptor.Read(bytes), warnings), warnings, [new("Version", "4")]);
        }

        throw new ImageFormatException(Id, 0, "the file does not begin with a signature of BlindWrite");
    }
}
