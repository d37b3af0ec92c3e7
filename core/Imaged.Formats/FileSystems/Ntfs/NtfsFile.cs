using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Ntfs;

/// <summary>A file with all its attributes, also those that are in further records of the MFT, which are read when they
/// are asked for. For one thread.</summary>
internal sealed class NtfsFile
{
    // The most that Windows allows.
    private const int MaxListLength = 256 << 10;
    private const int ListEntryLength = 26;

    private readonly NtfsVolume _volume;
    private readonly Dictionary<ulong, NtfsRecord> _extensions = [];
    private readonly ListEntry[]? _list;

    /// <summary>Takes over the record of the file.</summary>
    /// <exception cref="ImageFormatException">Its list of attributes is damaged.</exception>
    public NtfsFile(NtfsVolume volume, NtfsRecord record)
    {
        _volume = volume;
        Record = record;
        if (record.Attributes.FirstOrDefault(a => a.Type == NtfsAttributeType.AttributeList) is { } list)
        {
            _list = ReadList(volume.ReadWhole(new NtfsStream(volume, [list], Offset), MaxListLength));
        }
    }

    public NtfsRecord Record { get; }

    /// <summary>Byte offset that errors name.</summary>
    public long Offset => _volume.OffsetOf(Record.Number);

    /// <summary>Attributes of a type, and of each all its extents, in the order of their clusters.</summary>
    /// <exception cref="ImageFormatException">A record is damaged.</exception>
    public IEnumerable<NtfsAttribute> Attributes(NtfsAttributeType type)
    {
        if (_list is null)
        {
            foreach (NtfsAttribute attribute in Record.Attributes)
            {
                if (attribute.Type == type)
                {
                    yield return attribute;
                }
            }

            yield break;
        }

        foreach (ListEntry entry in _list)
        {
            if (entry.Type == type)
            {
                yield return Find(entry);
            }
        }
    }

    /// <summary>The first extent of an attribute; null when there is none.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="name">Its name; empty for the main one.</param>
    public NtfsAttribute? Find(NtfsAttributeType type, string name = "")
    {
        foreach (NtfsAttribute attribute in Attributes(type))
        {
            if (attribute.FirstCluster == 0 && attribute.Name == name)
            {
                return attribute;
            }
        }

        return null;
    }

    /// <summary>The content of an attribute; null when there is none.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="name">Its name; empty for the main one.</param>
    public NtfsStream? FindStream(NtfsAttributeType type, string name = "")
    {
        NtfsAttribute[] extents = [.. Attributes(type).Where(attribute => attribute.Name == name)];
        return extents.Length == 0 ? null : new(_volume, extents, Offset);
    }

    /// <summary>Parses the entries of a list of attributes.</summary>
    private ListEntry[] ReadList(ReadOnlySpan<byte> raw)
    {
        List<ListEntry> entries = [];
        while (raw.Length >= ListEntryLength)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(raw[4..]);
            if (length < ListEntryLength || length > raw.Length)
            {
                ImageFormatException.Throw(
                    NtfsFileSystem.Id, Offset, $"the list of attributes of file {Record.Number} is damaged");
            }

            entries.Add(new(
                (NtfsAttributeType)BinaryPrimitives.ReadUInt32LittleEndian(raw),
                new NtfsReference(BinaryPrimitives.ReadUInt64LittleEndian(raw[16..])),
                BinaryPrimitives.ReadUInt16LittleEndian(raw[24..])));
            raw = raw[length..];
        }

        return [.. entries];
    }

    private NtfsAttribute Find(in ListEntry entry)
    {
        NtfsRecord record = Record;
        if (entry.Record.Number != Record.Number && !_extensions.TryGetValue(entry.Record.Number, out record!))
        {
            record = _volume.ReadRecord(entry.Record);
            if (record.Base.Number != Record.Number)
            {
                ImageFormatException.Throw(
                    NtfsFileSystem.Id,
                    _volume.OffsetOf(record.Number),
                    $"record {record.Number} of the MFT is not one of file {Record.Number}");
            }

            _extensions.Add(record.Number, record);
        }

        foreach (NtfsAttribute attribute in record.Attributes)
        {
            if (attribute.Type == entry.Type && attribute.Id == entry.Id)
            {
                return attribute;
            }
        }

        throw new ImageFormatException(
            NtfsFileSystem.Id, Offset, $"an attribute of file {Record.Number} is not in record {record.Number}");
    }

    private readonly record struct ListEntry(NtfsAttributeType Type, NtfsReference Record, int Id);
}
