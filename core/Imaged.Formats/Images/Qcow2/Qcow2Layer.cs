using Imaged.Blocks;

namespace Imaged.Formats.Images.Qcow2;

/// <summary>What is stored in one qcow2 image alone.</summary>
public static class Qcow2Layer
{
    /// <summary>The disk with nothing of the backing file: what the image does not have is zero.</summary>
    /// <param name="file">The image file; stays the caller's.</param>
    /// <param name="cache">For decoded clusters.</param>
    /// <exception cref="Model.ImageFormatException">The image is damaged.</exception>
    public static BlockSource Open(BlockSource file, BlockCache cache) =>
        new Qcow2Source(Qcow2Header.Parse(file), file, file, cache);
}
