using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Fuzz;

/// <summary>The files beside a descriptor: whatever name it has in mind, there are the same sectors, so that it is the
/// layout that is tried, not the search for the file.</summary>
internal sealed class SameFiles : HostFiles
{
    private const int Sectors = 500;
    private const int Sound = 200;

    private static readonly MemorySource Content = new(Make());

    /// <inheritdoc/>
    public override IReadOnlyList<HostFile> Opened { get; } = [new("image", Content.Length)];

    /// <inheritdoc/>
    public override IReadOnlyList<string> ListSiblings() => ["image.bin", "image.img", "image.iso"];

    /// <inheritdoc/>
    protected override bool TryOpenCore(string name, out BlockSource source)
    {
        source = Content;
        return true;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    // Data, then sound.
    private static byte[] Make()
    {
        byte[] bytes = new byte[Sectors * RawSector.Length];
        for (int i = 0; i < Sectors; i++)
        {
            Span<byte> sector = bytes.AsSpan(i * RawSector.Length, RawSector.Length);
            if (i < Sectors - Sound)
            {
                RawSector.Build(TrackMode.Mode1, SectorLayout.Data2048, i, new byte[SectorLayouts.DataLength], sector);
            }
            else
            {
                sector.Fill((byte)(i & 0x7f));
            }
        }

        return bytes;
    }
}
