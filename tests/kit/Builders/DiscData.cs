namespace Imaged.TestKit.Builders;

/// <summary>What the tracks of hand-made discs hold.</summary>
public static class DiscData
{
    public const int Cooked = 2048;
    public const int Whole = 2352;
    public const int Subchannel = 96;

    /// <summary>A volume by xorriso with a file <c>name</c> of random bytes. It is as long as it says, a whole number
    /// of sectors.</summary>
    public static byte[] Iso(string label = "DISC", string name = "data.bin", int bytes = 300_000)
    {
        Requires.Tool("xorriso");
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["tree"]);
        File.WriteAllBytes(Path.Combine(folder["tree"], name), Noise(bytes, bytes));
        Tool.Shell($"cd '{folder.Path}'; xorriso -as mkisofs -quiet -R -J -V {label} -o iso tree 2> log");
        byte[] iso = File.ReadAllBytes(folder["iso"]);
        int space = BitConverter.ToInt32(iso, (16 * Cooked) + 80);
        Array.Resize(ref iso, Math.Max(space, iso.Length / Cooked) * Cooked);
        return iso;
    }

    /// <summary>Two volumes by genisoimage: the second adds to the first, and counts sectors from the beginning of the
    /// disc, on which it stands at <paramref name="lba"/>.</summary>
    public static (byte[] First, byte[] Second) IsoSessions(int lba)
    {
        Requires.Tool("genisoimage");
        using TemporaryFolder folder = new();
        foreach (string name in (string[])["one", "two"])
        {
            Directory.CreateDirectory(folder[name]);
            File.WriteAllBytes(Path.Combine(folder[name], name + ".bin"), SessionFile(name));
        }

        Tool.Shell(
            $"cd '{folder.Path}'; genisoimage -quiet -R -V ONE -o a one; "
            + $"genisoimage -quiet -R -V TWO -C 0,{lba} -M a -o b two");
        return (File.ReadAllBytes(folder["a"]), File.ReadAllBytes(folder["b"]));
    }

    /// <summary>The bytes of <c>one.bin</c> and <c>two.bin</c> of <see cref="IsoSessions"/>.</summary>
    public static byte[] SessionFile(string name) => Noise(50_000, name[0]);

    public static byte[] Noise(int bytes, int seed)
    {
        byte[] noise = new byte[bytes];
        new Random(seed).NextBytes(noise);
        return noise;
    }

    /// <summary>Data with zeros behind it, up to a number of sectors.</summary>
    public static byte[] Pad(byte[] data, int sectors)
    {
        Array.Resize(ref data, sectors * Cooked);
        return data;
    }

    /// <summary>Sectors of sound.</summary>
    public static byte[] Sound(int sectors, int seed) => Noise(sectors * Whole, seed);

    /// <summary>Sectors of 2048 bytes of data as whole ones (ECMA-130 section 14), with zeros for the codes.</summary>
    /// <param name="data">The data.</param>
    /// <param name="lba">Address of the first.</param>
    /// <param name="mode">1, or 2 for Form 1.</param>
    public static byte[] Raw(byte[] data, int lba, int mode = 1)
    {
        byte[] raw = new byte[data.Length / Cooked * Whole];
        for (int i = 0; i < data.Length / Cooked; i++)
        {
            Span<byte> sector = raw.AsSpan(i * Whole, Whole);
            sector[1..11].Fill(255);
            int frames = lba + i + 150;
            sector[12] = Bcd(frames / 4500);
            sector[13] = Bcd(frames / 75 % 60);
            sector[14] = Bcd(frames % 75);
            sector[15] = (byte)mode;
            if (mode == 2)
            {
                sector[18] = sector[22] = 8;
            }

            data.AsSpan(i * Cooked, Cooked).CopyTo(sector[(mode == 2 ? 24 : 16)..]);
        }

        return raw;
    }

    /// <summary>A part of each of some whole sectors.</summary>
    public static byte[] Cut(byte[] raw, int offset, int length) =>
        [.. Enumerable.Range(0, raw.Length / Whole)
            .SelectMany(i => raw[((i * Whole) + offset)..((i * Whole) + offset + length)])];

    /// <summary>Each sector followed by its subchannel.</summary>
    public static byte[] Join(byte[] sectors, int length, byte[] subchannel, int subLength = Subchannel) =>
        [.. Enumerable.Range(0, sectors.Length / length).SelectMany(i =>
            (byte[])
            [
                .. sectors[(i * length)..((i + 1) * length)],
                .. subchannel[(i * subLength)..((i + 1) * subLength)],
            ])];

    /// <summary>Subchannels of 96 bytes, in which each byte has one bit of each channel, of de-interleaved
    /// ones.</summary>
    public static byte[] Interleave(byte[] linear)
    {
        byte[] result = new byte[linear.Length];
        for (int bit = 0; bit < linear.Length * 8; bit++)
        {
            // Bit n of the sector's 768 belongs to channel n / 96, time n % 96.
            int sector = bit / 768;
            int channel = bit % 768 / 96;
            int time = bit % 96;
            if ((linear[bit / 8] & (0x80 >> (bit % 8))) != 0)
            {
                result[(sector * 96) + time] |= (byte)(0x80 >> channel);
            }
        }

        return result;
    }

    private static byte Bcd(int value) => (byte)((value / 10 * 16) + (value % 10));
}
