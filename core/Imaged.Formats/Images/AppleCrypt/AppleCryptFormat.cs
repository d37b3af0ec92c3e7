using Imaged.Formats.Model;

namespace Imaged.Formats.Images.AppleCrypt;

/// <summary>Apple's encryption of disk images with a password: AES in blocks, around an image of any format. Version 2
/// has its header at the beginning, version 1 (Mac OS X 10.3 and older) at the end.</summary>
internal sealed class AppleCryptFormat : IImageFormat
{
    public static FormatInfo Info { get; } =
        new("encrcdsa", "encrypted Apple disk image", [".dmg", ".sparseimage"], FormatCaps.Read | FormatCaps.Wrapper);

    public static Match Probe(ProbeWindow window) =>
        window.Has(0, CryptHeaderV2.Magic) || window.HasAtEnd(CryptHeaderV1.Magic.Length, CryptHeaderV1.Magic)
            ? Match.Strong
            : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        Span<byte> magic = stackalloc byte[CryptHeaderV2.Magic.Length];
        bool isV2 = opener.Content.ReadUpTo(0, magic) == magic.Length && magic.SequenceEqual(CryptHeaderV2.Magic);
        CryptLayout layout = isV2
            ? CryptHeaderV2.Read(opener.Content).Unlock(opener)
            : CryptHeaderV1.Read(opener.Content).Unlock(opener);
        return new DiskImage(Info, new AppleCryptSource(opener.Content, layout, opener.Cache))
        {
            Details =
            [
                new("Encryption", $"AES-{layout.DataKey.Length * 8}, header version {(isV2 ? 2 : 1)}"),
            ],
        };
    }
}
