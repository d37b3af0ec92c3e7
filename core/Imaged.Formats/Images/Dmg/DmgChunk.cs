namespace Imaged.Formats.Images.Dmg;

/// <summary>A run of sectors.</summary>
/// <param name="Kind">How it is stored.</param>
/// <param name="Sector">First sector on the disk.</param>
/// <param name="Count">Sectors.</param>
/// <param name="StoredOffset">Byte offset in the data fork.</param>
/// <param name="StoredLength">Bytes there.</param>
internal readonly record struct DmgChunk(
    DmgChunkKind Kind, long Sector, long Count, long StoredOffset, long StoredLength)
{
    /// <summary>Whether bytes of it stand in the data fork.</summary>
    public bool IsStored => Kind is not (DmgChunkKind.Zero or DmgChunkKind.Ignore);

    /// <summary>Whether it is decoded as a whole.</summary>
    public bool IsEncoded => IsStored && Kind != DmgChunkKind.Raw;
}
