using System.Buffers.Binary;
using System.Text;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Ewf;

/// <summary>Reads the sections of a file of version 1, each of which says where the next one begins.</summary>
internal sealed class EwfSegmentReader
{
    private const int DescriptorLength = 76;
    private const int TypeLength = 16;
    private const int MaxSections = 65536;
    private const int VolumeLength = 1052;
    private const int SmartVolumeLength = 94;

    // They are there twice or three times in different codes.
    private const int MaxNotes = 4;

    private readonly EwfSegment _segment;
    private readonly EwfContents _contents;
    private EwfSection? _sectors;
    private bool _isTableDamaged;
    private int _notes;

    private EwfSegmentReader(EwfSegment segment, EwfContents contents)
    {
        _segment = segment;
        _contents = contents;
    }

    /// <summary>Reads a file.</summary>
    /// <returns>Whether the image goes on in another one.</returns>
    /// <exception cref="ImageFormatException">A section is damaged.</exception>
    public static bool Read(EwfSegment segment, EwfContents contents) =>
        new EwfSegmentReader(segment, contents).Read();

    private bool Read()
    {
        byte[] raw = new byte[DescriptorLength];
        long offset = EwfFileHeader.FirstLength;
        for (int i = 0; i < MaxSections; i++)
        {
            if (_segment.Content.ReadUpTo(offset, raw) < DescriptorLength
                || Adler32.Compute(raw.AsSpan(0, 72)) != BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(72)))
            {
                Throw(offset, "a section is damaged or cut off");
            }

            string type = Encoding.Latin1.GetString(raw, 0, TypeLength).TrimEnd('\0');
            if (type is "next" or "done")
            {
                ThrowIfTableIsDamaged(offset);
                return type == "next";
            }

            ulong next = BinaryPrimitives.ReadUInt64LittleEndian(raw.AsSpan(TypeLength));
            if (next > (ulong)_segment.Content.Length || (long)next < offset + DescriptorLength)
            {
                Throw(offset, $"a section goes on at {next} of {_segment.Content.Length} bytes");
            }

            ReadSection(type, new(offset + DescriptorLength, (long)next - offset - DescriptorLength));
            offset = (long)next;
        }

        Throw(offset, $"there are more than {MaxSections} sections");
        return false;
    }

    private void ReadSection(string type, in EwfSection section)
    {
        switch (type)
        {
            case "volume" or "disk" or "data":
                ReadVolume(section);
                break;
            case "header" or "header2" when _contents.Notes.Count == 0 && _notes < MaxNotes:
                _notes++;
                _contents.Notes.AddRange(EwfNotes.Read(_segment.Content, section));
                break;
            case "sectors":
                ThrowIfTableIsDamaged(section.DataOffset);
                _sectors = section;
                break;
            case "table":
                ThrowIfTableIsDamaged(section.DataOffset);
                _isTableDamaged = !TryAddTable(section);
                break;
            case "table2" when _isTableDamaged:
                _isTableDamaged = !TryAddTable(section);
                _contents.Warnings.Add($"a table of '{_segment.Name}' is damaged, its copy was used");
                break;
            case "hash" when section.DataLength >= 16 && _contents.Md5 is null:
                _contents.AddDigests(_segment.Content.ReadBytes(section.DataOffset, 16), []);
                break;
            case "digest" when section.DataLength >= 36:
                byte[] raw = _segment.Content.ReadBytes(section.DataOffset, 36);
                _contents.AddDigests(raw.AsSpan(0, 16), raw.AsSpan(16));
                break;
            case "ltree" or "ltypes":
                UnsupportedFeatureException.Throw(EwfFormat.Info.Id, "a logical evidence file, which holds no disk,");
                break;
            default:
                break;
        }
    }

    private bool TryAddTable(in EwfSection section)
    {
        _contents.RequireMedia(section.DataOffset);
        EwfTable? table = EwfOffsetTable.TryRead(_segment, section, _sectors, _contents.ChunkCount);
        if (table is not null)
        {
            _contents.Add(table);
        }

        return table is not null;
    }

    private void ReadVolume(in EwfSection section)
    {
        int length = section.DataLength >= VolumeLength ? VolumeLength : SmartVolumeLength;
        if (section.DataLength < length)
        {
            Throw(section.DataOffset, $"the volume section has {section.DataLength} bytes");
        }

        byte[] raw = _segment.Content.ReadBytes(section.DataOffset, length);
        ReadOnlySpan<byte> fields = raw;
        if (Adler32.Compute(fields[..^4]) != BinaryPrimitives.ReadUInt32LittleEndian(fields[^4..]))
        {
            Throw(section.DataOffset, "the checksum of the volume section is wrong");
        }

        bool isSmart = length == SmartVolumeLength;
        EwfMedia media = EwfMedia.Create(
            isSmart
                ? BinaryPrimitives.ReadUInt32LittleEndian(fields[16..])
                : BinaryPrimitives.ReadUInt64LittleEndian(fields[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(fields[12..]),
            BinaryPrimitives.ReadUInt32LittleEndian(fields[8..]),
            isSmart ? default : new Guid(fields.Slice(64, 16)),
            section.DataOffset);
        if (_contents.Media is not null && _contents.Media != media)
        {
            Throw(section.DataOffset, $"'{_segment.Name}' is part of another image");
        }

        _contents.Media = media;
    }

    private void ThrowIfTableIsDamaged(long offset)
    {
        if (_isTableDamaged)
        {
            Throw(offset, $"a table of '{_segment.Name}' is damaged, and so is its copy, or there is none");
        }
    }

    private static void Throw(long offset, string message) =>
        ImageFormatException.Throw(EwfFormat.Info.Id, offset, message);
}
