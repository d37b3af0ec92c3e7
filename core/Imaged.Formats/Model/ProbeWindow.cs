using System.Collections.Immutable;
using Imaged.Blocks;

namespace Imaged.Formats.Model;

/// <summary>Head and tail of a file, read once, for the probes of all formats. Nothing here throws for short
/// files.</summary>
public sealed class ProbeWindow
{
    /// <summary>Bytes read at the beginning and at the end.</summary>
    public const int WindowLength = 65536;

    private readonly byte[] _head;
    private readonly byte[] _tail;

    private ProbeWindow(byte[] head, byte[] tail, long length, string fileName)
    {
        _head = head;
        _tail = tail;
        Length = length;
        FileName = fileName;
    }

    /// <summary>Length of the whole file in bytes.</summary>
    public long Length { get; }

    /// <summary>File name without a folder, a hint only; empty for a source inside an image.</summary>
    public string FileName { get; }

    /// <summary>The first bytes, up to <see cref="WindowLength"/>.</summary>
    public ReadOnlySpan<byte> Head => _head;

    /// <summary>The last bytes, up to <see cref="WindowLength"/>; none of a long source that is read one way.</summary>
    public ReadOnlySpan<byte> Tail => _tail;

    /// <summary>Reads the window of <paramref name="source"/>.</summary>
    public static ProbeWindow Read(BlockSource source, string fileName)
    {
        int count = (int)Math.Min(WindowLength, source.Length);
        byte[] head = source.ReadBytes(0, count);
        byte[] tail = source.Length <= WindowLength ? head
            : source.IsOneWay ? []
            : source.ReadBytes(source.Length - count, count);
        return new(head, tail, source.Length, fileName);
    }

    /// <summary>Whether the file name ends in one of the extensions, whatever its case.</summary>
    public bool HasExtension(ImmutableArray<string> extensions) =>
        extensions.Any(extension => FileName.EndsWith(extension, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether <paramref name="magic"/> stands at <paramref name="offset"/> of the head.</summary>
    public bool Has(int offset, ReadOnlySpan<byte> magic) =>
        offset <= _head.Length - magic.Length && Head.Slice(offset, magic.Length).SequenceEqual(magic);

    /// <summary>Whether <paramref name="magic"/> begins <paramref name="fromEnd"/> bytes before the end.</summary>
    public bool HasAtEnd(int fromEnd, ReadOnlySpan<byte> magic) =>
        fromEnd <= _tail.Length && magic.Length <= fromEnd
        && Tail.Slice(_tail.Length - fromEnd, magic.Length).SequenceEqual(magic);
}
