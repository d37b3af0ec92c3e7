using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.CdText;

/// <summary>CD-Text as it stands in the subchannel of a lead-in: packs of 18 bytes (MMC-3 annex J). Only the first
/// block is read, in the code pages of Western languages: that is what nearly all discs have.</summary>
internal static class CdTextPacks
{
    /// <summary>Bytes of a pack with its checksum.</summary>
    public const int PackLength = 18;

    /// <summary>Bytes of a pack without its checksum.</summary>
    public const int BareLength = 16;

    /// <summary>Most packs: eight blocks of 256.</summary>
    public const int MaxPacks = 8 * 256;

    private const int TextLength = 12;
    private const int Title = 0x80;
    private const int Performer = 0x81;
    private const int Songwriter = 0x82;
    private const int SizeInfo = 0x8f;
    private const int DoubleByte = 0x80;
    private const int BlockBits = 0x70;

    /// <summary>The packs in a file: without the header of a READ TOC reply and without the zero byte at the end, which
    /// some programs write.</summary>
    /// <returns>Empty when there is no whole number of packs.</returns>
    public static ImmutableArray<byte> OfFile(ReadOnlySpan<byte> file)
    {
        if (file.Length % PackLength is 4 or 5 && BinaryPrimitives.ReadUInt16BigEndian(file) is var length
            && (length == file.Length - 2 || length == file.Length - 3))
        {
            file = file[4..];
        }

        if (file.Length % PackLength == 1)
        {
            file = file[..^1];
        }

        return file.Length % PackLength == 0 && file.Length <= MaxPacks * PackLength ? [.. file] : [];
    }

    /// <summary>Appends a pack that comes without its checksum.</summary>
    public static void AddBare(ImmutableArray<byte>.Builder packs, ReadOnlySpan<byte> bare)
    {
        packs.AddRange(bare);
        ushort crc = Crc16.Compute(bare);
        packs.Add((byte)(crc >> 8));
        packs.Add((byte)(crc & 0xff));
    }

    /// <summary>The words in packs: under 0 those about the disc, under its number those about a track. Packs with a
    /// wrong checksum are left out.</summary>
    /// <param name="packs">Any number of packs.</param>
    public static Dictionary<int, DiscText> Decode(ReadOnlySpan<byte> packs)
    {
        Dictionary<int, DiscText> words = [];
        bool isOneByte = true;
        Dictionary<int, (int First, List<byte> Bytes)> texts = [];
        for (; packs.Length >= PackLength; packs = packs[PackLength..])
        {
            ReadOnlySpan<byte> pack = packs[..PackLength];
            if (Crc16.Compute(pack[..BareLength]) != BinaryPrimitives.ReadUInt16BigEndian(pack[BareLength..])
                || (pack[3] & BlockBits) != 0)
            {
                continue;
            }

            if (pack[0] == SizeInfo && pack[1] == 0)
            {
                // 0: ISO 8859-1, 1: ASCII; others are of two bytes.
                isOneByte = pack[4] <= 1;
            }
            else if (pack[0] is Title or Performer or Songwriter && (pack[3] & DoubleByte) == 0)
            {
                if (!texts.TryGetValue(pack[0], out (int First, List<byte> Bytes) text))
                {
                    text = (pack[1] & 0x7f, []);
                    texts.Add(pack[0], text);
                }

                text.Bytes.AddRange(pack.Slice(4, TextLength));
            }
        }

        if (isOneByte)
        {
            foreach ((int kind, (int first, List<byte> bytes)) in texts)
            {
                Split(kind, first, [.. bytes], words);
            }
        }

        return words;
    }

    // One text of each track behind the other, each with a zero at its end; a tab stands for the text before.
    private static void Split(int kind, int first, ReadOnlySpan<byte> bytes, Dictionary<int, DiscText> words)
    {
        string? before = null;
        for (int track = first; track <= Disc.MaxTracks && !bytes.IsEmpty; track++)
        {
            int end = bytes.IndexOf((byte)0);
            string text = Encoding.Latin1.GetString(end < 0 ? bytes : bytes[..end]);
            bytes = end < 0 ? [] : bytes[(end + 1)..];
            if (text == "\t")
            {
                text = before ?? string.Empty;
            }

            before = text;
            if (text.Length > 0)
            {
                DiscText known = words.GetValueOrDefault(track, DiscText.None);
                words[track] = kind switch
                {
                    Title => known with { Title = text },
                    Performer => known with { Performer = text },
                    _ => known with { Songwriter = text },
                };
            }
        }
    }
}
