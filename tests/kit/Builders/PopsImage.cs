namespace Imaged.TestKit.Builders;

/// <summary>Writes discs for POPS: the table of contents in the first MiB, and whole sectors.</summary>
public static class PopsImage
{
    /// <summary>An image.</summary>
    /// <param name="sectors">Whole sectors.</param>
    /// <param name="tracks">Control and address, sectors of index 0 and 1.</param>
    public static byte[] Make(byte[] sectors, params (int Type, int Index0, int Index1)[] tracks)
    {
        int count = sectors.Length / 2352;
        ByteWriter writer = new();
        writer.U8(tracks[0].Type, 0, 0xa0, 0, 0, 0, 0, 1, 0x20, 0);
        writer.U8(tracks[^1].Type, 0, 0xa1, 0, 0, 0, 0, Bcd(tracks.Length), 0, 0);
        writer.U8(tracks[^1].Type, 0, 0xa2, 0, 0, 0, 0);
        Time(writer, count);
        for (int i = 0; i < tracks.Length; i++)
        {
            writer.U8(tracks[i].Type, 0, Bcd(i + 1));
            Time(writer, tracks[i].Index0);
            writer.U8(0);
            Time(writer, tracks[i].Index1);
        }

        return writer.PadTo(1024).Text("kHn ").PadTo(1032).U32(count).U32(count).PadTo(1 << 20).Bytes(
            sectors).ToArray();
    }

    private static void Time(ByteWriter to, int lba) =>
        to.U8(Bcd((lba + 150) / 4500), Bcd((lba + 150) / 75 % 60), Bcd((lba + 150) % 75));

    private static int Bcd(int value) => (value / 10 * 16) + (value % 10);
}
