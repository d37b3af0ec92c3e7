using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Mapping;

/// <summary>Stands for bytes that cannot be found because the table entry that tells where they are is wrong: the rest
/// of the disk can still be read.</summary>
internal sealed class DamagedSource : BlockSource
{
    private readonly string _format;
    private readonly long _at;
    private readonly string _message;

    /// <summary>Every read throws.</summary>
    /// <param name="format">Id of the format.</param>
    /// <param name="at">Byte offset of the wrong entry.</param>
    /// <param name="message">What is wrong; no full stop.</param>
    public DamagedSource(string format, ulong at, string message)
    {
        _format = format;
        _at = (long)Math.Min(at, long.MaxValue);
        _message = message;
    }

    /// <inheritdoc/>
    public override long Length => long.MaxValue;

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination) =>
        ImageFormatException.Throw(_format, _at, _message);
}
