using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Uif;

/// <summary>Universal Image Format of MagicISO: a disc image in compressed chunks, with a table behind them.</summary>
internal sealed class UifFormat : IImageFormat
{
    /// <summary>Its id, for errors.</summary>
    public const string Id = "uif";

    // Tag and length of the block that stands before the rest when there is a password.
    private const int EncryptedHeaderLength = 8;

    public static FormatInfo Info { get; } = new(Id, "MagicISO", [".uif"], FormatCaps.Read | FormatCaps.Wrapper);

    private static ReadOnlySpan<byte> EncryptedMagic => "bsdr"u8;

    public static Match Probe(ProbeWindow window) =>
        window.HasAtEnd(UifTrailer.Length, UifTrailer.Magic) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource file = opener.Content;
        UifTrailer trailer = UifTrailer.Read(file);
        Des? cipher = trailer.FixedKey == 0 ? null : UifCipher.CreateFixed(trailer.FixedKey);
        bool hasPassword = HasPassword(file, trailer);
        if (hasPassword)
        {
            cipher = UifCipher.Create(opener);
            trailer = Decrypt(file, trailer, cipher);
        }

        UifTable table = UifTable.Read(file, trailer, cipher);
        return new(Info, new UifSource(file, trailer, table, cipher, opener.Cache))
        {
            Details =
            [
                new("Version", trailer.Version.ToString(CultureInfo.InvariantCulture)),
                new("Sector size", trailer.SectorLength.ToString(CultureInfo.InvariantCulture)),
                new("Encryption", hasPassword ? "password" : cipher is null ? "none" : "without a password"),
            ],
            Warnings =
            [
                .. table.MissingSectors == 0
                    ? (string[])[]
                    : [$"{table.MissingSectors} sectors are not in the file, and read as zero"],
                .. trailer.IsPlain
                    ? (string[])[]
                    : ["the description of the disc inside is not read: its tracks are found by their content"],
            ],
        };
    }

    private static bool HasPassword(BlockSource file, UifTrailer trailer)
    {
        Span<byte> magic = stackalloc byte[4];
        return trailer.TableOffset >= 0 && file.ReadUpTo(trailer.TableOffset, magic) == magic.Length
            && magic.SequenceEqual(EncryptedMagic);
    }

    // The true trailer is encrypted, and counts as if itself were not there.
    private static UifTrailer Decrypt(BlockSource file, UifTrailer outer, Des cipher)
    {
        byte[] raw = new byte[UifTrailer.Length];
        if (file.ReadUpTo(outer.TableOffset + EncryptedHeaderLength, raw) < raw.Length)
        {
            ImageFormatException.Throw(Id, outer.TableOffset, "the encrypted trailer is cut off");
        }

        cipher.DecryptEcb(raw);
        if (!raw.AsSpan().StartsWith(UifTrailer.Magic))
        {
            throw new PasswordException(Id, isMissing: false);
        }

        UifTrailer inner = UifTrailer.Parse(raw, outer.TableOffset + EncryptedHeaderLength);
        long shift = EncryptedHeaderLength + UifTrailer.Length;
        if (inner.TableOffset < 0 || inner.TableOffset > file.Length - shift)
        {
            ImageFormatException.Throw(Id, outer.TableOffset, $"the table of chunks is at {inner.TableOffset}");
        }

        return inner with { TableOffset = inner.TableOffset + shift };
    }
}
