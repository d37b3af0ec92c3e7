using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Ntfs;

/// <summary>An open volume: finds the records of the master file table (MFT), which is a file itself. Thread-safe.
/// </summary>
internal sealed class NtfsVolume : IDisposable
{
    /// <summary>Number of the root directory.</summary>
    public const ulong RootNumber = 5;

    /// <summary>Files below this number are the volume's own.</summary>
    public const ulong FirstUserNumber = 16;

    /// <summary>Number of the bitmap of clusters.</summary>
    public const ulong BitmapNumber = 6;

    private const int MetadataBlock = 16384;

    // Counting the free clusters reads the whole bitmap: of a volume of 1 TiB with clusters of 4 KiB, 32 MiB.
    private const long MaxCountedBitmap = 64 << 20;

    private readonly BlockSource _mft;
    private readonly ClusterChain _mftChain;

    /// <summary>Finds the MFT.</summary>
    /// <param name="source">The volume; stays the caller's.</param>
    /// <param name="boot">Its boot sector.</param>
    /// <param name="cache">For metadata and decoded pieces of files.</param>
    /// <exception cref="ImageFormatException">The first record of the MFT is damaged, and its copy, too.</exception>
    public NtfsVolume(BlockSource source, NtfsBootSector boot, BlockCache cache)
    {
        Source = source;
        Boot = boot;
        Cache = cache;
        Metadata = new CachedSource(source, cache, MetadataBlock);
        NtfsRecord first = ReadFirst();
        NtfsAttribute? data =
            first.Attributes.FirstOrDefault(a => a.Type == NtfsAttributeType.Data && a.Name.Length == 0);
        if (data is null || data.IsResident)
        {
            throw new ImageFormatException(NtfsFileSystem.Id, boot.MftOffset, "the MFT has no clusters");
        }

        // The records that say where the rest of the MFT is are in the part that is known by then.
        NtfsRunList runs = new(boot);
        runs.Append(data);
        _mftChain = runs.ToChain();
        _mft = OpenMft(data);
        foreach (NtfsAttribute extent in new NtfsFile(this, first).Attributes(NtfsAttributeType.Data))
        {
            if (extent.FirstCluster > 0 && extent.Name.Length == 0)
            {
                runs.Append(extent);
                _mftChain = runs.ToChain();
                _mft = OpenMft(data);
            }
        }
    }

    public BlockSource Source { get; }

    /// <summary>The same bytes through the cache.</summary>
    public CachedSource Metadata { get; }

    public NtfsBootSector Boot { get; }

    public BlockCache Cache { get; }

    /// <summary>Whether the first record of the MFT was damaged, and its copy is used.</summary>
    public bool IsFirstRecordDamaged { get; private set; }

    /// <summary>Number of records in the MFT.</summary>
    public ulong RecordCount => (ulong)(_mft.Length / Boot.RecordSize);

    public void Dispose()
    {
        _mft.Dispose();
        Metadata.Dispose();
    }

    /// <summary>Byte offset of a record in the volume; 0 when there is none.</summary>
    public long OffsetOf(ulong number)
    {
        long offset = number < RecordCount ? (long)number * Boot.RecordSize : _mftChain.Length;
        return offset < _mftChain.Length && _mftChain.Runs[_mftChain.IndexOf(offset)] is { IsHole: false } run
            ? run.VolumeOffset + (offset - run.Offset)
            : 0;
    }

    /// <summary>Reads a record.</summary>
    /// <exception cref="ImageFormatException">There is none, or it is damaged.</exception>
    public NtfsRecord ReadRecord(ulong number)
    {
        if (number >= RecordCount)
        {
            ImageFormatException.Throw(NtfsFileSystem.Id, 0, $"the MFT has no record {number}");
        }

        return NtfsRecord.Parse(
            _mft.ReadBytes((long)number * Boot.RecordSize, Boot.RecordSize), number, OffsetOf(number));
    }

    /// <summary>Reads the record that a reference means.</summary>
    /// <exception cref="ImageFormatException">It is damaged, not in use, or that of another file by now.</exception>
    public NtfsRecord ReadRecord(NtfsReference reference)
    {
        NtfsRecord record = ReadRecord(reference.Number);
        if (!record.IsInUse || (reference.Sequence != 0 && reference.Sequence != record.Sequence))
        {
            ImageFormatException.Throw(
                NtfsFileSystem.Id,
                OffsetOf(reference.Number),
                $"record {reference.Number} of the MFT is not in use, or by another file");
        }

        return record;
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="ImageFormatException">It is damaged, or there is none.</exception>
    public NtfsFile OpenFile(NtfsReference reference)
    {
        NtfsRecord record = ReadRecord(reference);
        if (record.Base.Value != 0)
        {
            ImageFormatException.Throw(
                NtfsFileSystem.Id, OffsetOf(record.Number), $"record {record.Number} of the MFT is no file of its own");
        }

        return new(this, record);
    }

    /// <summary>Reads all of a stream.</summary>
    /// <param name="stream">What to read.</param>
    /// <param name="maxLength">Longest one that is read, in bytes.</param>
    /// <exception cref="ImageFormatException">It is longer, or damaged.</exception>
    public byte[] ReadWhole(NtfsStream stream, int maxLength)
    {
        using BlockSource content = stream.Open(isMetadata: true);
        return content.Length <= maxLength
            ? content.ReadBytes(0, (int)content.Length)
            : throw new ImageFormatException(
                NtfsFileSystem.Id, 0, $"an attribute has {content.Length} bytes, more than {maxLength}");
    }

    /// <summary>Counts the free clusters in the bitmap of the volume; 0 when it is damaged or too long.</summary>
    public long CountFree()
    {
        try
        {
            using BlockSource? bitmap =
                OpenFile(new(BitmapNumber)).FindStream(NtfsAttributeType.Data)?.Open(isMetadata: true);
            long length = (Boot.ClusterCount + 7) / 8;
            return bitmap is null || bitmap.Length < length || length > MaxCountedBitmap
                ? 0
                : ClusterBitmap.CountClear(bitmap, Boot.ClusterCount);
        }
        catch (ImageFormatException)
        {
            return 0;
        }
    }

    private ClusterSource OpenMft(NtfsAttribute data) => new(
        Metadata,
        _mftChain,
        Math.Min(data.Size, _mftChain.Length),
        data.Initialized,
        NtfsFileSystem.Id,
        Boot.MftOffset);

    private NtfsRecord ReadFirst()
    {
        try
        {
            return ReadFirst(Boot.MftOffset);
        }
        catch (ImageFormatException) when (Boot.MirrorOffset > 0)
        {
            IsFirstRecordDamaged = true;
            return ReadFirst(Boot.MirrorOffset);
        }
    }

    private NtfsRecord ReadFirst(long offset) => offset > Source.Length - Boot.RecordSize
        ? throw new ImageFormatException(NtfsFileSystem.Id, offset, "the image ends before the MFT")
        : NtfsRecord.Parse(Metadata.ReadBytes(offset, Boot.RecordSize), 0, offset);
}
