using System.Collections.Immutable;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Mds;

/// <summary>What a descriptor says, whichever version it has.</summary>
/// <param name="Medium">Kind of disc.</param>
/// <param name="Tracks">The tracks of all sessions.</param>
internal sealed record MdsDescriptor(DiscMedium Medium, ImmutableArray<MdsTrack> Tracks)
{
    private const int MaxSessions = Disc.MaxSessions;

    /// <summary>Longest file name in characters.</summary>
    public const int MaxNameLength = 1024;

    /// <summary>CD-Text packs.</summary>
    public ImmutableArray<byte> TextPacks { get; init; } = [];

    /// <summary>What decrypts the sectors; null when they are not encrypted.</summary>
    public MdxCipher? Cipher { get; init; }

    /// <summary>Number of sessions in a header.</summary>
    public static int CountSessions(MdsBytes bytes)
    {
        int count = bytes.UInt16(20);
        if (count is 0 or > MaxSessions)
        {
            ImageFormatException.Throw(MdsFormat.Id, 20, $"there are {count} sessions, not 1 to {MaxSessions}");
        }

        return count;
    }

    /// <summary>Kind of a track.</summary>
    /// <param name="type">First byte of its block. Its low three bits are the kind; the others say what is
    /// stored.</param>
    public static TrackMode ModeOf(byte type) => (type & 7) switch
    {
        1 => TrackMode.Audio,
        2 => TrackMode.Mode1,
        _ => TrackMode.Mode2,
    };

    /// <summary>A sector of this length.</summary>
    /// <exception cref="UnsupportedFeatureException">There is none.</exception>
    public static StoredSector StoredOf(int length) =>
        StoredSector.OfLength(length)
        ?? throw new UnsupportedFeatureException(MdsFormat.Id, $"a sector size of {length} bytes");
}
