using System.Buffers.Binary;
using System.Globalization;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Ewf;

/// <summary>Reads the sections of a file of version 2, whose descriptors follow their data and say where the one before
/// stands.</summary>
internal static class Ewf2SegmentReader
{
    private const int DescriptorLength = 64;
    private const int MaxSections = 65536;
    private const uint EncryptedFlag = 2;
    private const int Md5Length = 16;
    private const int Sha1Length = 20;

    /// <summary>Reads a file.</summary>
    /// <returns>Whether the image goes on in another one.</returns>
    /// <exception cref="ImageFormatException">A section is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">The image is encrypted.</exception>
    public static bool Read(EwfSegment segment, EwfContents contents)
    {
        List<(Ewf2SectionType Type, EwfSection Section)> sections = FindSections(segment);
        Ewf2SectionType last = sections[0].Type;
        if (last is not (Ewf2SectionType.Next or Ewf2SectionType.Done))
        {
            Throw(
                segment.Content.Length - DescriptorLength,
                $"the last section is of type {(int)last}: the file is cut off");
        }

        sections.Reverse();
        ReadMedia(segment, sections, contents);
        foreach ((Ewf2SectionType type, EwfSection section) in sections)
        {
            switch (type)
            {
                case Ewf2SectionType.Table:
                    contents.RequireMedia(section.DataOffset);
                    contents.Add(Ewf2Table.Read(segment, section, contents.ChunkCount));
                    break;
                case Ewf2SectionType.Md5 when section.DataLength >= Md5Length:
                    contents.AddDigests(segment.Content.ReadBytes(section.DataOffset, Md5Length), []);
                    break;
                case Ewf2SectionType.Sha1 when section.DataLength >= Sha1Length:
                    contents.AddDigests([], segment.Content.ReadBytes(section.DataOffset, Sha1Length));
                    break;
                default:
                    break;
            }
        }

        return last == Ewf2SectionType.Next;
    }

    // From the last one to the first.
    private static List<(Ewf2SectionType Type, EwfSection Section)> FindSections(EwfSegment segment)
    {
        List<(Ewf2SectionType Type, EwfSection Section)> sections = [];
        byte[] raw = new byte[DescriptorLength];
        long offset = segment.Content.Length - DescriptorLength;
        while (sections.Count == 0 || offset != 0)
        {
            if (sections.Count == MaxSections)
            {
                Throw(offset, $"there are more than {MaxSections} sections");
            }

            if (offset < EwfFileHeader.SecondLength || segment.Content.ReadUpTo(offset, raw) < DescriptorLength
                || Adler32.Compute(raw.AsSpan(0, 60)) != BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(60)))
            {
                Throw(Math.Max(offset, 0), "a section is damaged or cut off");
            }

            Ewf2SectionType type = (Ewf2SectionType)BinaryPrimitives.ReadInt32LittleEndian(raw);
            uint flags = BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(4));
            ulong previous = BinaryPrimitives.ReadUInt64LittleEndian(raw.AsSpan(8));
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(raw.AsSpan(16));
            if (type == Ewf2SectionType.Keys || (flags & EncryptedFlag) != 0)
            {
                UnsupportedFeatureException.Throw(EwfFormat.Info.Id, "encryption");
            }

            if (length > (ulong)(offset - EwfFileHeader.SecondLength)
                || (previous != 0 && previous > (ulong)(offset - DescriptorLength) - length))
            {
                Throw(offset, $"a section of {length} bytes behind one at {previous}");
            }

            sections.Add((type, new(offset - (long)length, (long)length)));
            offset = (long)previous;
        }

        return sections;
    }

    private static void ReadMedia(
        EwfSegment segment, List<(Ewf2SectionType Type, EwfSection Section)> sections, EwfContents contents)
    {
        int device = sections.FindIndex(section => section.Type == Ewf2SectionType.Device);
        int acquiry = sections.FindIndex(section => section.Type == Ewf2SectionType.Case);
        if (contents.Media is not null || device < 0 || acquiry < 0)
        {
            return;
        }

        Dictionary<string, string> fields = EwfNotes.ReadFields(segment.Content, sections[device].Section);
        Dictionary<string, string> notes = EwfNotes.ReadFields(segment.Content, sections[acquiry].Section);
        contents.Media = EwfMedia.Create(
            NumberOf(fields, "ts"),
            (uint)Math.Min(NumberOf(fields, "bp"), uint.MaxValue),
            (uint)Math.Min(NumberOf(notes, "sb"), uint.MaxValue),
            default,
            sections[device].Section.DataOffset);
        contents.Notes.AddRange(EwfNotes.Read(segment.Content, sections[acquiry].Section));
    }

    private static ulong NumberOf(Dictionary<string, string> fields, string name) =>
        fields.TryGetValue(name, out string? value)
        && ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            ? number
            : 0;

    private static void Throw(long offset, string message) =>
        ImageFormatException.Throw(EwfFormat.Info.Id, offset, message);
}
