using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.CdText;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Mds;

/// <summary>Reads descriptors of version 2, which stand encrypted and compressed in a file of their own or behind the
/// sectors (MDX). The encryption protects nothing: its password follows from the file.</summary>
internal static class MdsReader2
{
    private const string Format = MdsFormat.Id;
    private const int PrefixLength = 18;
    private const int MaxLength = 16 << 20;
    private const int SessionLength = 32;
    private const int TrackLength = 80;
    private const int FooterLength = 32;
    private const int MaxFiles = 1000;
    private const int MaxExtra = 100;
    private const int Dvd = 3;
    private const uint Mdx = uint.MaxValue;

    /// <summary>Decrypts and reads the descriptor.</summary>
    /// <param name="opener">The image.</param>
    /// <param name="isMdx">Whether the sectors are in the same file.</param>
    public static MdsDescriptor Read(ImageOpener opener, out bool isMdx)
    {
        MdsBytes bytes = new(Decrypt(opener.Content, out isMdx));
        DiscMedium medium = bytes.UInt16(18) switch
        {
            < Dvd => DiscMedium.Cd,
            Dvd => DiscMedium.Dvd,
            ushort other => throw new UnsupportedFeatureException(Format, $"medium {other}"),
        };
        int minor = bytes.Byte(17);
        int count = MdsDescriptor.CountSessions(bytes);
        long first = bytes.UInt32(80);
        ImmutableArray<MdsTrack>.Builder tracks = ImmutableArray.CreateBuilder<MdsTrack>();
        for (int i = 0; i < count; i++)
        {
            long session = first + (i * SessionLength);
            long blocks = bytes.UInt32(session + 20);
            long end = bytes.Int64(session);
            for (int block = 0; block < bytes.Byte(session + 10); block++)
            {
                long at = blocks + (block * TrackLength);
                if (bytes.Byte(at + 4) is >= 1 and <= Disc.MaxTracks)
                {
                    MdsTrack track = ReadTrack(bytes, at, i + 1, medium, minor, end, opener.FileName);
                    end = track.StartLba + track.Count;
                    tracks.Add(track);
                }
            }
        }

        return new(medium, tracks.ToImmutable())
        {
            TextPacks = CdTextPacks.OfFile(bytes.Slice(bytes.UInt32(40), bytes.UInt16(30))),
            Cipher = FindCipher(bytes, opener),
        };
    }

    private static byte[] Decrypt(BlockSource content, out bool isMdx)
    {
        MdsBytes head = new(content.ReadBytes(0, (int)Math.Min(64, content.Length)));
        ulong begin = 48;
        ulong keys = head.UInt32(44);
        isMdx = keys == Mdx;
        if (isMdx)
        {
            begin = head.UInt64(48);
            ulong length = head.UInt64(56);
            keys = begin <= long.MaxValue && length is >= 64 and <= MaxLength ? begin + length - 64 : ulong.MaxValue;
        }

        ulong available = (ulong)Math.Max(0, content.Length - MdxKeyHeader.BlockLength);
        if (keys < begin || keys > available || keys - begin > MaxLength)
        {
            ImageFormatException.Throw(
                Format, 44, $"the descriptor is to lie at bytes {begin} to {keys} of {content.Length}");
        }

        byte[] block = content.ReadBytes((long)keys, MdxKeyHeader.BlockLength);
        if (MdxKeyHeader.TryOpen(block, isData: false) is not { } header)
        {
            throw new ImageFormatException(
                Format, (long)keys, "the key of the descriptor is damaged, or of a newer kind");
        }

        byte[] packed = content.ReadBytes((long)begin, (int)(keys - begin));
        if (header.Length is 0 or > MaxLength || header.PackedLength > packed.Length || packed.Length % 16 != 0)
        {
            ImageFormatException.Throw(
                Format,
                (long)begin,
                $"the descriptor has {packed.Length} bytes for {header.PackedLength}, unpacked {header.Length}");
        }

        header.Cipher.DecryptCbc(packed);
        byte[] descriptor = new byte[PrefixLength + header.Length];
        head.Slice(0, PrefixLength).CopyTo(descriptor);
        packed = packed[..(int)header.PackedLength];
        if (ZlibDecoder.Decode(packed, descriptor.AsSpan(PrefixLength)) != header.Length)
        {
            ImageFormatException.Throw(Format, (long)begin, "the compressed descriptor is damaged");
        }

        return descriptor;
    }

    // The keys of the sectors have a password only if the user set one.
    private static MdxCipher? FindCipher(MdsBytes bytes, ImageOpener opener)
    {
        long offset = bytes.UInt32(88);
        if (offset == 0)
        {
            return null;
        }

        ReadOnlySpan<byte> block = bytes.Slice(offset, MdxKeyHeader.BlockLength);
        if (MdxKeyHeader.TryOpen(block, isData: true) is { } open)
        {
            return open.Cipher;
        }

        byte[] password = opener.RequirePassword(Format);
        return (MdxKeyHeader.TryOpen(block, password, isData: true)
            ?? throw new PasswordException(Format, isMissing: false)).Cipher;
    }

    private static MdsTrack ReadTrack(
        MdsBytes bytes, long at, int session, DiscMedium medium, int minor, long previousEnd, string fileName)
    {
        byte type = bytes.Byte(at);
        long start = bytes.Int32(at + 36);
        if (bytes.Int64(at + 56) is var wide && wide is > int.MinValue and < int.MaxValue)
        {
            start = wide;
        }

        long pregap = 0;
        long count = bytes.Int64(at + 64);
        bool isStored = false;
        List<long> indexes = [];
        ImmutableArray<MdsFile> files = ReadFiles(bytes, bytes.UInt32(at + 48), bytes.UInt32(at + 52), fileName);
        if (medium == DiscMedium.Cd)
        {
            long extra = bytes.UInt32(at + 12);
            int words = bytes.Byte(at + 18);
            if (words is < 2 or > MaxExtra)
            {
                ImageFormatException.Throw(
                    Format, at + 18, $"a track has {words} lengths of indexes, not 2 to {MaxExtra}");
            }

            pregap = bytes.UInt32(extra);
            count = bytes.UInt32(extra + 4);
            for (int i = 2; i < words; i++)
            {
                indexes.Add(count);
                count += bytes.UInt32(extra + (i * 4));
            }

            // A track that begins where the one before ends has its pregap stored.
            isStored = pregap > 0 && start == previousEnd && files.Sum(file => (decimal)file.Count) >= pregap + count;
            start += isStored ? pregap : 0;
        }

        return new(bytes.Byte(at + 4), session, MdsDescriptor.ModeOf(type), ReadStored(bytes, at, type, minor), at)
        {
            Control = bytes.Byte(at + 2) & 15,
            StartLba = start,
            Pregap = pregap,
            IsPregapStored = isStored,
            Count = count,
            FurtherIndexes = [.. indexes.Select(index => start + index)],
            Offset = bytes.UInt64(at + 40),
            Files = files,
        };
    }

    // The flags say which parts of a sector are stored, and must come to its length.
    private static StoredSector ReadStored(MdsBytes bytes, long at, byte type, int minor)
    {
        int length = bytes.UInt16(at + 16);
        if (minor == 0)
        {
            return MdsDescriptor.StoredOf(length);
        }

        SubchannelLayout subchannel = ((bytes.Byte(at + 1) >> 3) & 7) switch
        {
            0 => SubchannelLayout.None,
            1 => SubchannelLayout.Interleaved,
            2 => SubchannelLayout.Q16,
            int other => throw new UnsupportedFeatureException(Format, $"subchannels of kind {other}"),
        };
        int main = MainLength(type);
        if (main + subchannel.Length() != length)
        {
            ImageFormatException.Throw(
                Format, at + 16, $"a sector has {length} bytes, but its parts {main} and {subchannel.Length()}");
        }

        return new(
            SectorLayouts.OfLength(main) ?? throw new UnsupportedFeatureException(
                Format, $"a sector of {main} bytes"), subchannel);
    }

    private static int MainLength(byte type)
    {
        (int data, int subheader, int codes) = (type & 7) switch
        {
            1 => (2352, 0, 0),
            2 => (2048, 0, 288),
            4 => (2048, 8, 280),
            5 => (2324, 8, 4),
            _ => (2336, 0, 0),
        };
        bool isSound = (type & 7) == 1;
        return data
            + (!isSound && (type & 0x80) != 0 ? 12 : 0)
            + (!isSound && (type & 0x20) != 0 ? 4 : 0)
            + ((type & 0x40) != 0 ? subheader : 0)
            + ((type & 0x08) != 0 ? codes : 0);
    }

    private static ImmutableArray<MdsFile> ReadFiles(MdsBytes bytes, uint count, long footer, string fileName)
    {
        if (count is 0 or > MaxFiles)
        {
            ImageFormatException.Throw(Format, footer, $"a track is spread over {count} files, not 1 to {MaxFiles}");
        }

        string baseName = Path.GetFileNameWithoutExtension(fileName);
        ImmutableArray<MdsFile>.Builder files = ImmutableArray.CreateBuilder<MdsFile>();
        for (int i = 0; i < count; i++)
        {
            long at = footer + (i * FooterLength);
            long name = bytes.UInt32(at);
            bool isCompressed = (bytes.Byte(at + 4) & 1) != 0;
            long sectors = bytes.Int64(at + 16);
            if (sectors is < 0 or > int.MaxValue)
            {
                ImageFormatException.Throw(Format, at + 16, $"a file holds {sectors} sectors");
            }

            files.Add(
                new(name == 0 ? null : MdsReader1.ReadName(bytes, name, isWide: true).Replace("*", baseName), name)
            {
                Count = sectors,
                GroupSectors = isCompressed ? Math.Max(1, bytes.UInt32(at + 12)) : 0,
                TableOffset = bytes.UInt64(at + 24),
            });
        }

        return files.ToImmutable();
    }
}
