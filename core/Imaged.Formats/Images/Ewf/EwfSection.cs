namespace Imaged.Formats.Images.Ewf;

/// <summary>A section of a file.</summary>
/// <param name="DataOffset">Byte offset of its data, which lies inside the file.</param>
/// <param name="DataLength">Bytes of its data.</param>
internal readonly record struct EwfSection(long DataOffset, long DataLength)
{
    /// <summary>Byte offset behind the data.</summary>
    public long End => DataOffset + DataLength;
}
