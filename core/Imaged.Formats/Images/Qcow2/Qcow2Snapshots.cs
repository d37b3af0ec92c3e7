using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Imaged.Blocks;

namespace Imaged.Formats.Images.Qcow2;

/// <summary>The internal snapshots of an image (specification, "Snapshots").</summary>
internal static class Qcow2Snapshots
{
    private const int EntryLength = 40;

    // Of what follows the fixed part: length of the machine's state, length of the disk.
    private const int KnownExtraLength = 16;

    // More are counted, but not told one by one.
    private const int MaxTold = 64;
    private const int MaxTextLength = 1024;

    /// <summary>Tells the snapshots: id, name and time. A damaged table ends the list with a warning.</summary>
    public static IEnumerable<string> Describe(BlockSource file, Qcow2Header header, List<string> warnings)
    {
        List<string> told = [];
        ulong offset = header.SnapshotOffset;
        for (int i = 0; i < Math.Min(header.SnapshotCount, MaxTold); i++)
        {
            if (!TryRead(file, ref offset, out Qcow2Snapshot? snapshot, out string error))
            {
                warnings.Add(error);
                break;
            }

            DateTimeOffset time = DateTimeOffset.FromUnixTimeSeconds(snapshot.Seconds);
            told.Add(string.Create(
                CultureInfo.InvariantCulture, $"{snapshot.Id} '{snapshot.Name}' of {time:yyyy-MM-dd HH:mm:ss} UTC"));
        }

        return told;
    }

    /// <summary>The snapshot that has this id; else the first one that has this name.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="Model.ImageFormatException">The table is damaged before one is found.</exception>
    public static Qcow2Snapshot Find(BlockSource file, Qcow2Header header, string wanted)
    {
        Qcow2Snapshot? named = null;
        ulong offset = header.SnapshotOffset;
        for (int i = 0; i < header.SnapshotCount; i++)
        {
            ulong entry = offset;
            if (!TryRead(file, ref offset, out Qcow2Snapshot? snapshot, out string error))
            {
                Qcow2Format.Throw((long)Math.Min(long.MaxValue, entry), error);
            }

            if (snapshot.Id == wanted)
            {
                return snapshot;
            }

            named ??= snapshot.Name == wanted ? snapshot : null;
        }

        return named ?? throw new FileNotFoundException(header.SnapshotCount == 0
            ? $"there is no snapshot '{wanted}': the image has none"
            : $"there is no snapshot '{wanted}' ('imagectl info' lists them)");
    }

    // Reads the entry at an offset, and moves on to the next one.
    private static bool TryRead(
        BlockSource file, ref ulong offset, [NotNullWhen(true)] out Qcow2Snapshot? snapshot, out string error)
    {
        snapshot = null;
        Span<byte> raw = stackalloc byte[EntryLength + KnownExtraLength];
        if (!TryRead(file, offset, raw[..EntryLength]))
        {
            error = $"the snapshot table leaves the file at byte {offset}";
            return false;
        }

        int idLength = BinaryPrimitives.ReadUInt16BigEndian(raw[12..]);
        int nameLength = BinaryPrimitives.ReadUInt16BigEndian(raw[14..]);
        uint extra = BinaryPrimitives.ReadUInt32BigEndian(raw[36..]);
        Span<byte> text = stackalloc byte[MaxTextLength];
        if (idLength + nameLength > MaxTextLength
            || !TryRead(file, offset + EntryLength + extra, text[..(idLength + nameLength)])
            || !TryRead(file, offset + EntryLength, raw.Slice(EntryLength, (int)Math.Min(extra, KnownExtraLength))))
        {
            error = $"the snapshot at byte {offset} has no proper name";
            return false;
        }

        error = string.Empty;
        snapshot = new(
            (long)offset,
            Encoding.UTF8.GetString(text[..idLength]),
            Encoding.UTF8.GetString(text.Slice(idLength, nameLength)),
            BinaryPrimitives.ReadUInt32BigEndian(raw[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(raw),
            BinaryPrimitives.ReadUInt32BigEndian(raw[8..]),
            extra >= KnownExtraLength ? BinaryPrimitives.ReadUInt64BigEndian(raw[(EntryLength + 8)..]) : null);
        offset += (EntryLength + extra + (ulong)(idLength + nameLength) + 7) & ~7ul;
        return true;
    }

    private static bool TryRead(BlockSource file, ulong offset, Span<byte> destination)
    {
        if (offset > (ulong)file.Length || (ulong)destination.Length > (ulong)file.Length - offset)
        {
            return false;
        }

        file.Read((long)offset, destination);
        return true;
    }
}
