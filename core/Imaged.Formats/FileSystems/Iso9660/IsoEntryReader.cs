using System.Buffers;
using Imaged.Formats.Model;

namespace Imaged.Formats.Iso9660;

/// <summary>Reads directory records one behind the other and puts together those of one node. For one thread.</summary>
internal sealed class IsoEntryReader : IDisposable
{
    /// <summary>Bytes read at once where many records are wanted.</summary>
    public const int Window = 65536;

    // 4 GiB each: far beyond any disc.
    private const int MaxSections = 65536;

    private readonly IsoLayout _layout;
    private readonly long _end;
    private readonly byte[] _buffer;
    private readonly int _window;
    private readonly byte[] _identifier = new byte[256];
    private long _bufferOffset;
    private int _bufferLength;
    private long _next;

    /// <summary>Will read records from <paramref name="offset"/> on.</summary>
    /// <param name="layout">How.</param>
    /// <param name="offset">Byte offset of a record, inside the volume.</param>
    /// <param name="end">Byte offset where they end, not behind that of the volume.</param>
    /// <param name="window">Bytes to read at once, a multiple of the sector size.</param>
    public IsoEntryReader(IsoLayout layout, long offset, long end, int window)
    {
        _layout = layout;
        _next = offset;
        _end = end;
        _window = window;
        _buffer = ArrayPool<byte>.Shared.Rent(window);
    }

    /// <summary>The node that was read last.</summary>
    public IsoNode Node { get; } = new();

    /// <summary>Reads the next node, of whatever kind but the directory itself and its parent.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="ImageFormatException">The record is damaged.</exception>
    public bool TryRead()
    {
        while (TryGetRecord(out IsoRecord record, out long offset))
        {
            if (record.IsSelf || record.IsParent || record.IsAssociated || record.Identifier.IsEmpty)
            {
                _next = offset + record.Length;
                continue;
            }

            Read(record, offset);
            return true;
        }

        return false;
    }

    /// <summary>Reads the record that stands at the very offset given, of whatever kind.</summary>
    public bool TryReadHere()
    {
        long offset = _next;
        if (!TryGetRecord(out IsoRecord record, out long found) || found != offset)
        {
            return false;
        }

        Read(record, offset);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private void Read(IsoRecord record, long offset)
    {
        Node.Offset = offset;
        Node.NameLength = 0;
        Node.Rock = default;
        Node.IsDirectory = record.IsDirectory;
        Node.Directory = record.IsDirectory ? _layout.DirectoryOf(record) : default;
        Node.DataLength = 0;
        Node.DataOffset = _layout.OffsetOf((long)record.Extent + record.AttributeBlocks);
        Node.Recorded = IsoTime.FromShort(record.Date, hasZone: !_layout.IsHighSierra);
        Node.Sections?.Clear();
        if (_layout.Scheme == IsoScheme.RockRidge)
        {
            ReadOnlySpan<byte> area = record.SystemUse;
            RockRidgeReader.Read(_layout, area[Math.Min(area.Length, _layout.SystemUseSkip)..], Node);
        }

        SetName(record.Identifier, offset);
        AddSection(record);
        _next = offset + record.Length;
        if (record.HasMoreExtents && !record.IsDirectory)
        {
            ReadMoreExtents(record.Identifier);
        }

        Node.End = _next;
    }

    // The sections of a file are records with the same identifier; the last one lacks the flag. Where another
    // identifier follows, the flag was wrong.
    private void ReadMoreExtents(ReadOnlySpan<byte> first)
    {
        Span<byte> identifier = _identifier.AsSpan(0, first.Length);
        first.CopyTo(identifier);
        for (int sections = 1; TryGetRecord(out IsoRecord record, out long offset); sections++)
        {
            if (!record.Identifier.SequenceEqual(identifier) || record.IsDirectory || record.IsAssociated)
            {
                return;
            }

            if (sections == MaxSections)
            {
                ImageFormatException.Throw(
                    Iso9660FileSystem.Id, offset, $"the file has more than {MaxSections} sections");
            }

            AddSection(record);
            _next = offset + record.Length;
            if (!record.HasMoreExtents)
            {
                return;
            }
        }
    }

    private void AddSection(in IsoRecord record)
    {
        Node.DataLength += record.DataLength;
        Node.Sections?.Add(new(
            _layout.OffsetOf((long)record.Extent + record.AttributeBlocks),
            record.DataLength,
            record.InterleaveUnit * _layout.BlockSize,
            record.InterleaveGap * _layout.BlockSize));
    }

    private void SetName(ReadOnlySpan<byte> identifier, long offset)
    {
        Span<byte> name = Node.Name;
        Node.NameLength = _layout.Scheme switch
        {
            IsoScheme.RockRidge when Node.NameLength > 0 => IsoNames.Verbatim(name[..Node.NameLength], name),
            IsoScheme.RockRidge or IsoScheme.Plain => IsoNames.Plain(identifier, name),
            IsoScheme.Enhanced => IsoNames.Verbatim(identifier, name),
            IsoScheme.Joliet => IsoNames.Joliet(identifier, offset, name),
            _ => throw new InvalidOperationException("unknown scheme"),
        };
    }

    // A length of 0 says that the rest of the sector is not used.
    private bool TryGetRecord(out IsoRecord record, out long offset)
    {
        while (_next < _end)
        {
            if (_next >= _bufferOffset + _bufferLength)
            {
                Fill();
            }

            int at = (int)(_next - _bufferOffset);
            offset = _next;
            if (_buffer[at] == 0)
            {
                _next = (_next | (IsoRecord.SectorSize - 1)) + 1;
                continue;
            }

            int inSector = IsoRecord.SectorSize - (int)(offset % IsoRecord.SectorSize);
            if (!IsoRecord.TryParse(
                _buffer.AsSpan(at, Math.Min(inSector, _bufferLength - at)), _layout.IsHighSierra, out record))
            {
                ImageFormatException.Throw(
                    Iso9660FileSystem.Id, offset, $"a directory record of {_buffer[at]} bytes does not fit its parts");
            }

            return true;
        }

        record = default;
        offset = 0;
        return false;
    }

    // Up to the end of a sector, so that no record is cut.
    private void Fill()
    {
        long end = Math.Min(_next - (_next % IsoRecord.SectorSize) + _window, _end);
        _bufferOffset = _next;
        _bufferLength = (int)(end - _next);
        _layout.Volume.Read(_next, _buffer.AsSpan(0, _bufferLength));
    }
}
