using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Ntfs;

/// <summary>What is known of an NTFS volume as a whole.</summary>
internal static class NtfsVolumeInfo
{
    private const ulong JournalNumber = 2;
    private const ulong VolumeNumber = 3;
    private const ushort DirtyFlag = 1;
    private const int RestartPage = 4096;
    private const ushort NoClient = 0xffff;
    private const ushort CleanFlag = 2;

    // Major version of a journal while Windows 8 or later has the volume, also when it hibernates: what it knows of
    // the volume need not be in it then. When it lets go of it, it writes 1.1.
    private const ushort MountedVersion = 2;

    /// <summary>Describes a volume; what cannot be read of it is left out.</summary>
    public static VolumeInfo Describe(BlockSource source, NtfsBootSector boot, NtfsVolume? volume)
    {
        NtfsFile? file = volume is null ? null : TryOpen(volume, VolumeNumber);
        ReadOnlySpan<byte> facts = Value(file, NtfsAttributeType.VolumeInformation);
        string label = Encoding.Unicode.GetString(Value(file, NtfsAttributeType.VolumeName)).TrimEnd('\0', ' ');
        List<string> warnings = [];
        if (source.Length < boot.VolumeLength)
        {
            warnings.Add($"the volume has {boot.VolumeLength} bytes, but only {source.Length} are there");
        }

        if (volume is null)
        {
            warnings.Add("the master file table cannot be read");
        }
        else
        {
            AddWarnings(volume, facts, warnings);
        }

        return new(NtfsFileSystem.Id, boot.VolumeLength)
        {
            Version = facts.Length >= 10 ? $"{facts[8]}.{facts[9]}" : null,
            Label = label.Length == 0 ? null : label,
            Uuid = boot.Serial.ToString("X16", CultureInfo.InvariantCulture),
            KernelType = "ntfs3",
            Details =
            [
                new("Cluster size", boot.ClusterSize.ToString(CultureInfo.InvariantCulture)),
                new("Record size", boot.RecordSize.ToString(CultureInfo.InvariantCulture)),
            ],
            Warnings = [.. warnings],
        };
    }

    /// <summary>Why what the volume says of itself may not be the last word; null when nothing speaks against
    /// it.</summary>
    public static string? FindDoubt(NtfsVolume volume)
    {
        ReadOnlySpan<byte> facts = Value(TryOpen(volume, VolumeNumber), NtfsAttributeType.VolumeInformation);
        return facts.Length < 12 ? "its volume information cannot be read"
            : IsDirty(facts) ? "it is marked as dirty"
            : volume.IsFirstRecordDamaged ? "the first record of its master file table is damaged"
            : !IsJournalClean(volume) ? "it was not unmounted cleanly, or Windows hibernates on it"
            : null;
    }

    private static bool IsDirty(ReadOnlySpan<byte> facts) =>
        (BinaryPrimitives.ReadUInt16LittleEndian(facts[10..]) & DirtyFlag) != 0;

    private static void AddWarnings(NtfsVolume volume, ReadOnlySpan<byte> facts, List<string> warnings)
    {
        if (volume.IsFirstRecordDamaged)
        {
            warnings.Add("the first record of the master file table is damaged, its copy is used");
        }

        if (facts.Length >= 12 && IsDirty(facts))
        {
            warnings.Add("the volume is marked as dirty: Windows would check it first");
        }

        if (!IsJournalClean(volume))
        {
            warnings.Add("the volume was not unmounted cleanly; its journal is not replayed");
        }
    }

    private static ReadOnlySpan<byte> Value(NtfsFile? file, NtfsAttributeType type)
    {
        try
        {
            return file?.Find(type) is { IsResident: true } attribute ? attribute.Value : [];
        }
        catch (ImageFormatException)
        {
            return [];
        }
    }

    private static NtfsFile? TryOpen(NtfsVolume volume, ulong number)
    {
        try
        {
            return volume.OpenFile(new(number));
        }
        catch (ImageFormatException)
        {
            return null;
        }
    }

    // The newer one of the two restart pages tells; a journal that was wiped has none, and nothing to replay.
    private static bool IsJournalClean(NtfsVolume volume)
    {
        try
        {
            using BlockSource? journal =
                TryOpen(volume, JournalNumber)?.FindStream(NtfsAttributeType.Data)?.Open(isMetadata: true);
            ulong newest = 0;
            bool isClean = true;
            for (int i = 0; i < 2 && journal is not null && journal.Length >= 2 * RestartPage; i++)
            {
                byte[] page = journal.ReadBytes(i * RestartPage, RestartPage);
                int area = BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(24));
                if (!page.AsSpan().StartsWith("RSTR"u8) || !NtfsFixup.Apply(page) || area > RestartPage - 16)
                {
                    continue;
                }

                ulong number = BinaryPrimitives.ReadUInt64LittleEndian(page.AsSpan(area));
                if (number >= newest)
                {
                    newest = number;
                    bool isIdle = BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(area + 12)) == NoClient
                        || (BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(area + 14)) & CleanFlag) != 0;
                    isClean = isIdle && BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(28)) < MountedVersion;
                }
            }

            return isClean;
        }
        catch (IOException error) when (error is ImageFormatException or UnsupportedFeatureException)
        {
            // Nothing says that it is in use.
            return true;
        }
    }
}
