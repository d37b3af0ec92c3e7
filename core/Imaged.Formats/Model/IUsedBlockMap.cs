using Imaged.Blocks;

namespace Imaged.Formats.Model;

/// <summary>Finds out which blocks of a volume are in use, from the allocation maps of its file system.</summary>
public interface IUsedBlockMap
{
    /// <summary>Id of the file system, as in <see cref="FileSystems.All"/>.</summary>
    static abstract string FileSystem { get; }

    /// <summary>Reads the maps of a volume that a probe found to have this file system. What is not provably free is in
    /// use: a volume in doubt is to be saved as a whole.</summary>
    /// <param name="volume">The volume, which nobody writes to; stays the caller's.</param>
    /// <exception cref="ImageFormatException">The volume is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">It has a feature that may change what its maps mean.</exception>
    /// <exception cref="IOException">The host could not deliver the bytes.</exception>
    static abstract UsedBlocks Read(BlockSource volume);
}
