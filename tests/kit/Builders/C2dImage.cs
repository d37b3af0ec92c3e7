namespace Imaged.TestKit.Builders;

/// <summary>Writes images of WinOnCD field by field.</summary>
public static class C2dImage
{
    /// <summary>An image: its table, and the data from byte 1000 on.</summary>
    public static byte[] Make(string signature, byte[] data, params Block[] blocks)
    {
        ByteWriter writer = new();
        writer.Text(signature, 32).U16(196).U16(1).Text("1234567890123").U8(0).U16(blocks.Length).U32(0).U32(196).U32(0)
            .Text("Hand made", 128).U32(0);
        foreach (Block block in blocks)
        {
            writer.U32(44).U32(block.First).U32(block.Last).U64(block.Offset).U32(block.Size).Text("USABC2600001")
                .U8(block.Flags, block.Session, block.Track, block.Index, block.Mode, block.IsCompressed).U16(0);
        }

        return writer.PadTo(1000).Bytes(data).ToArray();
    }

    /// <summary>An entry of the table: an index of a track.</summary>
    public sealed record Block(int Session, int Track, int Index, int Mode, int First, int Last, long Offset, int Size)
    {
        public int Flags { get; init; }

        public int IsCompressed { get; init; }
    }
}
