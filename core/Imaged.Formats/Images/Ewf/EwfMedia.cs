using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Ewf;

/// <summary>The size of the disk and of its chunks.</summary>
/// <param name="SectorCount">Sectors of the disk.</param>
/// <param name="SectorLength">Bytes of a sector.</param>
/// <param name="ChunkLength">Bytes of a chunk; the last one may be shorter.</param>
/// <param name="SetId">What all files of the image have in common.</param>
internal sealed record EwfMedia(long SectorCount, int SectorLength, int ChunkLength, Guid SetId)
{
    private const int MaxChunkLength = 32 << 20;
    private const ulong MaxSectors = 1UL << 50;

    /// <summary>Bytes of the disk.</summary>
    public long Length => SectorCount * SectorLength;

    /// <summary>Chunks that hold it.</summary>
    public long ChunkCount => ((Length - 1) / ChunkLength) + 1;

    /// <summary>Checks the values of a file.</summary>
    /// <exception cref="ImageFormatException">They are out of range.</exception>
    public static EwfMedia Create(ulong sectors, uint sectorLength, uint chunkSectors, Guid setId, long offset)
    {
        if (sectors is 0 or > MaxSectors || sectorLength is not (512 or 1024 or 2048 or 4096)
            || chunkSectors == 0 || chunkSectors > MaxChunkLength / sectorLength)
        {
            ImageFormatException.Throw(
                EwfFormat.Info.Id,
                offset,
                $"{sectors} sectors of {sectorLength} bytes in chunks of {chunkSectors} sectors");
        }

        return new((long)sectors, (int)sectorLength, (int)(chunkSectors * sectorLength), setId);
    }
}
