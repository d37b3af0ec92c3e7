using System.Collections.Immutable;
using System.Text;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Mds;

/// <summary>Reads descriptors of version 1.</summary>
internal static class MdsReader1
{
    private const int SessionLength = 24;
    private const int TrackLength = 80;
    private const int FooterLength = 16;
    private const int MaxFiles = 1000;
    private const int FirstDvd = 0x10;

    /// <summary>Reads a descriptor.</summary>
    /// <param name="bytes">The descriptor.</param>
    /// <param name="fileName">Its file name: <c>*</c> in the names of data files stands for it.</param>
    public static MdsDescriptor Read(MdsBytes bytes, string fileName)
    {
        bool isCd = bytes.UInt16(18) < FirstDvd;
        int count = MdsDescriptor.CountSessions(bytes);
        long first = bytes.UInt32(80);
        ImmutableArray<MdsTrack>.Builder tracks = ImmutableArray.CreateBuilder<MdsTrack>();
        for (int i = 0; i < count; i++)
        {
            long session = first + (i * SessionLength);
            int end = bytes.Int32(session + 4);
            long blocks = bytes.UInt32(session + 20);
            for (int block = 0; block < bytes.Byte(session + 10); block++)
            {
                long at = blocks + (block * TrackLength);
                if (bytes.Byte(at + 4) is >= 1 and <= Disc.MaxTracks)
                {
                    tracks.Add(ReadTrack(bytes, at, i + 1, isCd, end, fileName));
                }
            }
        }

        return new(isCd ? DiscMedium.Cd : DiscMedium.Dvd, tracks.ToImmutable());
    }

    private static MdsTrack ReadTrack(MdsBytes bytes, long at, int session, bool isCd, int sessionEnd, string fileName)
    {
        long start = bytes.Int32(at + 36);
        long extra = bytes.UInt32(at + 12);
        (long pregap, long count) = (0, extra);
        if (isCd)
        {
            (pregap, count) = extra == 0
                ? (0L, Math.Max(0, sessionEnd - start))
                : ((long)bytes.UInt32(extra), (long)bytes.UInt32(extra + 4));
        }

        return new(
            bytes.Byte(at + 4),
            session,
            MdsDescriptor.ModeOf(bytes.Byte(at)),
            MdsDescriptor.StoredOf(bytes.UInt16(at + 16)),
            at)
        {
            Control = bytes.Byte(at + 2) & 15,
            StartLba = start,
            Pregap = pregap,
            Count = count,
            Offset = bytes.UInt64(at + 40),
            Files = ReadFiles(bytes, bytes.UInt32(at + 48), bytes.UInt32(at + 52), fileName),
        };
    }

    private static ImmutableArray<MdsFile> ReadFiles(MdsBytes bytes, uint count, long footer, string fileName)
    {
        string baseName = Path.GetFileNameWithoutExtension(fileName);
        if (count == 0 || footer == 0)
        {
            bool isGameJack = fileName.EndsWith(".xmd", StringComparison.OrdinalIgnoreCase);
            return [new(baseName + (isGameJack ? ".xmf" : ".mdf"), footer)];
        }

        if (count > MaxFiles)
        {
            ImageFormatException.Throw(
                MdsFormat.Id, footer, $"a track is spread over {count} files, more than {MaxFiles}");
        }

        ImmutableArray<MdsFile>.Builder files = ImmutableArray.CreateBuilder<MdsFile>();
        for (int i = 0; i < count; i++)
        {
            long at = footer + (i * FooterLength);
            long name = bytes.UInt32(at);
            files.Add(new(ReadName(bytes, name, isWide: bytes.UInt32(at + 4) == 1).Replace("*", baseName), name));
        }

        return files.ToImmutable();
    }

    /// <summary>Reads a name up to its zero, or to the end of the descriptor.</summary>
    public static string ReadName(MdsBytes bytes, long offset, bool isWide)
    {
        int limit = MdsDescriptor.MaxNameLength * (isWide ? 2 : 1);
        ReadOnlySpan<byte> rest = bytes.Slice(offset, Math.Min(limit, Math.Max(0, bytes.Length - offset)));
        string text = isWide
            ? Encoding.Unicode.GetString(rest[..(rest.Length & ~1)])
            : Encoding.UTF8.GetString(rest.IndexOf((byte)0) is var end and >= 0 ? rest[..end] : rest);
        return text.IndexOf('\0', StringComparison.Ordinal) is var zero and >= 0 ? text[..zero] : text;
    }
}
