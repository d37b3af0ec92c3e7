using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Imaged.Blocks;

namespace Imaged.Formats.Images.Qcow2;

/// <summary>The internal snapshots of an image, for people (specification, "Snapshots").</summary>
internal static class Qcow2Snapshots
{
    private const int EntryLength = 40;

    // More are counted, but not told one by one.
    private const int MaxTold = 64;
    private const int MaxTextLength = 1024;

    /// <summary>Tells the snapshots: id, name and time. A damaged table ends the list with a warning.</summary>
    public static IEnumerable<string> Describe(BlockSource file, Qcow2Header header, List<string> warnings)
    {
        List<string> told = [];
        ulong offset = header.SnapshotOffset;
        byte[] raw = new byte[EntryLength];
        byte[] text = new byte[MaxTextLength];
        for (int i = 0; i < Math.Min(header.SnapshotCount, MaxTold); i++)
        {
            if (!TryRead(file, offset, raw))
            {
                warnings.Add($"the snapshot table leaves the file at byte {offset}");
                break;
            }

            int idLength = BinaryPrimitives.ReadUInt16BigEndian(raw.AsSpan(12));
            int nameLength = BinaryPrimitives.ReadUInt16BigEndian(raw.AsSpan(14));
            uint extra = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(36));
            if (idLength + nameLength > MaxTextLength
                || !TryRead(file, offset + EntryLength + extra, text.AsSpan(0, idLength + nameLength)))
            {
                warnings.Add($"the snapshot at byte {offset} has no proper name");
                break;
            }

            string id = Encoding.UTF8.GetString(text, 0, idLength);
            string name = Encoding.UTF8.GetString(text, idLength, nameLength);
            DateTimeOffset time =
                DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(16)));
            told.Add(string.Create(CultureInfo.InvariantCulture, $"{id} '{name}' of {time:yyyy-MM-dd HH:mm:ss} UTC"));
            offset += (EntryLength + extra + (ulong)(idLength + nameLength) + 7) & ~7ul;
        }

        return told;
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
