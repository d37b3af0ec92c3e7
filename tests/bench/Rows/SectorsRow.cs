using System.Diagnostics;
using Imaged.Blocks;
using Imaged.E2e;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;

namespace Imaged.Bench.Rows;

/// <summary>The 2048 bytes of data out of raw sectors of 2352, against reading the same number of bytes as they
/// are.</summary>
internal sealed class SectorsRow : IRow
{
    private const int RawLength = 2352;
    private const int DataLength = 2048;
    private const int Rounds = 7;
    private const int Sectors = 1 << 18;
    private const long Bytes = (long)Sectors * DataLength;

    public string Name => "sectors";

    public void Run(Report report)
    {
        string plain = Work.Made("sectors.iso", path => Tool.Shell($"head -c {Bytes} '{Work.BigFile()}' > '{path}'"));
        string raw = Work.Made("sectors.bin", path => Make(plain, path));
        Work.Warm(plain);
        Work.Warm(raw);
        using FileSource plainFile = FileSource.Open(plain);
        using FileSource rawFile = FileSource.Open(raw);
        using DiskImage disc = ImageFormats.Open(
            new ImageOpener(rawFile, "sectors.bin", null, new BlockCache(1 << 20)), "bin");
        Measurement[] own = Measurement.Interleave(
            Rounds,
            new("plain file", () => Rate(plainFile)),
            new("plain file, again", () => Rate(plainFile)),
            new("2048 of 2352", () => Rate(disc.Content)));
        report.Table("Data of raw sectors, one thread, in the page cache", "MB/s", own);
        report.Goal("GB/s", own[^1].Median / 1000, 1.5);
        report.Line(string.Empty);

        using PrivateSystem system = PrivateSystem.Start();
        using ServedFile served = new(raw, system["served"]);
        Measurement[] mounted = Measurement.Interleave(
            Rounds,
            new("plain file", () => Work.Cold(() => Work.Sequential(plain, false, Bytes), plain)),
            new("plain file, in the page cache", () => Work.Sequential(plain, false, Bytes)),
            new("imaged", () => Work.Cold(() => Work.Sequential(served.Path, false, Bytes), served.Path, raw)),
            new("imaged, the image in the page cache", () =>
                Work.Cold(() => Work.Sequential(served.Path, false, Bytes), served.Path)));
        report.Table("The same, served as a file, sequential", "MB/s", mounted);
        report.Goal("cold, imaged / plain file", mounted[2].Median / mounted[0].Median, 0.9);
    }

    private static double Rate(BlockSource source)
    {
        using AlignedBuffer buffer = new(1 << 20);
        Stopwatch clock = Stopwatch.StartNew();
        for (long offset = 0; offset < Bytes; offset += buffer.Length)
        {
            source.Read(offset, buffer.GetSpan());
        }

        return Bytes / clock.Elapsed.TotalSeconds / 1e6;
    }

    // Mode 1 sectors; their codes are not looked at by those who read.
    private static void Make(string plain, string path)
    {
        using FileSource source = FileSource.Open(plain);
        using FileStream output = File.Create(path);
        byte[] sector = new byte[RawLength];
        sector.AsSpan(1, 10).Fill(0xff);
        sector[15] = 1;
        for (int i = 0; i < Sectors; i++)
        {
            int frame = i + 150;
            sector[12] = Decimal(frame / 75 / 60);
            sector[13] = Decimal(frame / 75 % 60);
            sector[14] = Decimal(frame % 75);
            source.Read((long)i * DataLength, sector.AsSpan(16, DataLength));
            output.Write(sector);
        }
    }

    private static byte Decimal(int value) => (byte)((value / 10 << 4) | (value % 10));
}
