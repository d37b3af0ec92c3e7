using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Ecm;

/// <summary>Where everything stands in an ECM file, which has no table: the headers of all records are read once. What
/// is short is found together, so that there is an entry for about 64 KiB however records alternate: 300 KB for a whole
/// CD. Immutable.</summary>
internal sealed class EcmIndex
{
    /// <summary>Most bytes that a run of short records decodes to.</summary>
    public const int MixedLength = 64 << 10;

    // Enough for 64 GiB.
    private const int MaxRuns = 1 << 21;
    private const int WindowLength = 64 << 10;

    private readonly EcmRun[] _runs;

    private EcmIndex(EcmRun[] runs, long length, long storedEnd, uint edc)
    {
        _runs = runs;
        Length = length;
        StoredEnd = storedEnd;
        Edc = edc;
    }

    /// <summary>Bytes of the image, at least 1.</summary>
    public long Length { get; }

    /// <summary>Byte offset in the file of the mark behind the last record.</summary>
    public long StoredEnd { get; }

    /// <summary>Bytes of the file that mean something.</summary>
    public long FileLength => StoredEnd + EcmRecord.MaxHeaderLength + sizeof(uint);

    /// <summary>Error detection code of the whole image.</summary>
    public uint Edc { get; }

    /// <summary>Walks the records of a file.</summary>
    /// <exception cref="ImageFormatException">They do not end inside the file, or there is nothing in them.</exception>
    public static EcmIndex Read(BlockSource file)
    {
        List<EcmRun> runs = [];
        byte[] window = new byte[WindowLength];
        long windowOffset = 0;
        int filled = 0;
        long length = 0;
        long mixed = long.MinValue;
        for (long at = EcmFormat.MagicLength; ;)
        {
            if (at + EcmRecord.MaxHeaderLength > windowOffset + filled)
            {
                windowOffset = at;
                filled = file.ReadUpTo(at, window);
            }

            EcmRecord record = EcmRecord.Parse(window.AsSpan(0, filled)[(int)(at - windowOffset)..], at);
            if (record.Count == 0)
            {
                return Finish(file, runs, length, at);
            }

            long data = at + record.HeaderLength;
            if (record.StoredLength > file.Length - data)
            {
                ImageFormatException.Throw(
                    EcmFormat.Id, at, $"a record has {record.StoredLength} bytes, the file ends before them");
            }

            if (record.Length >= MixedLength)
            {
                runs.Add(new(length, data, record.Kind));
                mixed = long.MinValue;
            }
            else if (mixed < 0 || length + record.Length - mixed > MixedLength)
            {
                runs.Add(new(length, at, EcmKind.Mixed));
                mixed = length;
            }

            if (runs.Count > MaxRuns)
            {
                ImageFormatException.Throw(EcmFormat.Id, at, $"the records make more than {MaxRuns} runs");
            }

            length += record.Length;
            at = data + record.StoredLength;
        }
    }

    /// <summary>The run that holds a byte.</summary>
    /// <param name="offset">Byte offset in the image.</param>
    /// <param name="end">Where the run ends in the image.</param>
    /// <param name="storedEnd">Behind what is stored of it, by at most a header.</param>
    public EcmRun Find(long offset, out long end, out long storedEnd)
    {
        int index = RunSearch.FindLast<EcmRun>(_runs, offset, static run => run.Offset);
        (end, storedEnd) = index + 1 < _runs.Length
            ? (_runs[index + 1].Offset, _runs[index + 1].StoredOffset)
            : (Length, StoredEnd);
        return _runs[index];
    }

    private static EcmIndex Finish(BlockSource file, List<EcmRun> runs, long length, long storedEnd)
    {
        Span<byte> edc = stackalloc byte[sizeof(uint)];
        if (file.ReadUpTo(storedEnd + EcmRecord.MaxHeaderLength, edc) < edc.Length)
        {
            ImageFormatException.Throw(EcmFormat.Id, storedEnd, "the checksum at the end is cut off");
        }

        if (length == 0)
        {
            ImageFormatException.Throw(EcmFormat.Id, EcmFormat.MagicLength, "there are no records");
        }

        return new([.. runs], length, storedEnd, BinaryPrimitives.ReadUInt32LittleEndian(edc));
    }
}
