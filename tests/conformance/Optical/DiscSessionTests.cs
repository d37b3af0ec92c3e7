using Imaged.Blocks;
using Imaged.Conformance.Iso9660;
using Imaged.Formats.Model;
using Imaged.Formats.Optical;
using Imaged.Formats.Optical.Tree;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Optical;

/// <summary>A disc of several sessions whose later ones refer to files of the first, made by <c>genisoimage -M</c>, and
/// what <c>xorriso</c> reads of the same sectors.</summary>
public sealed class DiscSessionTests
{
    private const int Gap1 = 11250 + 150;
    private const int Gap2 = 6750 + 150;

    [Theory]
    [InlineData("MODE1/2352", false)]
    [InlineData("MODE1/2352", true)]
    [InlineData("MODE2/2352", false)]
    [InlineData("MODE1/2048", false)]
    [InlineData("MODE1/2048", true)]
    public void Files_of_all_sessions_are_read_as_xorriso_reads_them(string mode, bool hasPregaps)
    {
        using TemporaryFolder folder = new();
        int[] starts = MakeSessions(folder);
        WriteSheet(folder, starts, mode, hasPregaps);
        using FolderFiles files = new(folder.Path, "disc.cue");
        using DiskImage image = RawDisc.Open(files, "disc.cue");
        Assert.Empty(image.Warnings);
        Assert.Equal(starts, image.Disc!.Tracks.Select(track => (int)track.StartLba));
        using (FileTree tree = IsoImage.Open(image.Content))
        {
            HostTree.AssertSame(Extracted(folder, 3), HostTree.Of(tree, full: false));
        }

        for (int session = 1; session <= 3; session++)
        {
            DiscTrack track = DiscVolume.ChooseTrack(image.Disc, session)!;
            using BlockSource volume = DiscVolume.Open(image.Disc, track);
            using FileTree tree = IsoImage.Open(volume);
            HostTree.AssertSame(Extracted(folder, session), HostTree.Of(tree, full: false));
        }

        Assert.Empty(OpticalCheck.Run(image).Problems);
    }

    [Theory]
    [InlineData("MODE1/2352", false)]
    [InlineData("MODE2/2352", true)]
    [InlineData("MODE1/2048", true)]
    public void The_disc_as_files_is_the_same_disc_again(string mode, bool hasPregaps)
    {
        using TemporaryFolder folder = new();
        int[] starts = MakeSessions(folder);
        WriteSheet(folder, starts, mode, hasPregaps);
        using FolderFiles files = new(folder.Path, "disc.cue");
        using DiskImage image = RawDisc.Open(files, "disc.cue");
        using DiscTree tree = new(image.Disc!);
        for (int i = 1; i <= 3; i++)
        {
            Assert.Equal(
                File.ReadAllBytes(folder[$"s{i}.iso"]), TreeWalk.ReadFile(tree, $"session{i}/track{i:D2}.iso"));
        }

        using TemporaryFolder copy = new();
        File.WriteAllBytes(copy["disc.cue"], TreeWalk.ReadFile(tree, "disc.cue"));
        File.WriteAllBytes(copy["disc.bin"], TreeWalk.ReadFile(tree, "disc.bin"));
        using FolderFiles copied = new(copy.Path, "disc.bin");
        using DiskImage again = RawDisc.Open(copied, "disc.bin");
        Assert.Equal("cue", again.Format.Id);
        Assert.Equal(Shape(image.Disc!), Shape(again.Disc!));
        Assert.Equal(ImageSample.Sha256(image.Content), ImageSample.Sha256(again.Content));
        using BlockSource stream = DiscStream.Open(again.Disc!);
        Assert.Equal(TreeWalk.ReadFile(tree, "disc.bin"), RawDisc.All(stream));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Times_that_run_on_through_the_lead_out_are_understood(bool isStored)
    {
        using TemporaryFolder folder = new();
        int[] starts = MakeSessions(folder);
        byte[] first = File.ReadAllBytes(folder["s1.iso"]);
        byte[] second = File.ReadAllBytes(folder["s2.iso"]);
        string At(int sector) => Formats.Optical.Sectors.Msf.Text(sector);
        byte[] gap = new byte[isStored ? (starts[1] - (first.Length / 2048)) * 2048 : 0];
        File.WriteAllBytes(folder["disc.bin"], [.. first, .. gap, .. second]);
        File.WriteAllText(folder["disc.cue"], $"""
            FILE disc.bin BINARY
            REM SESSION 01
              TRACK 01 MODE1/2048
                INDEX 01 00:00:00
            REM LEAD-OUT {At(first.Length / 2048)}
            REM SESSION 02
              TRACK 02 MODE1/2048
                INDEX 01 {At(starts[1])}

            """);
        using FolderFiles files = new(folder.Path, "disc.cue");
        using DiskImage image = RawDisc.Open(files, "disc.cue");
        Assert.Equal(starts[..2], image.Disc!.Tracks.Select(track => (int)track.StartLba));
        Assert.Equal(first.Length / 2048, image.Disc.Tracks[0].EndLba);
        using FileTree tree = IsoImage.Open(image.Content);
        HostTree.AssertSame(Extracted(folder, 2), HostTree.Of(tree, full: false));
    }

    [Fact]
    public void A_later_session_alone_stands_where_its_headers_say()
    {
        using TemporaryFolder folder = new();
        int[] starts = MakeSessions(folder);
        byte[] third = File.ReadAllBytes(folder["s3.iso"]);
        File.WriteAllBytes(folder["x.bin"], RawDisc.Sectors(third, firstLba: starts[2]));
        using FolderFiles files = new(folder.Path, "x.bin");
        using DiskImage image = RawDisc.Open(files, "x.bin");
        Assert.Equal(starts[2], Assert.Single(image.Disc!.Tracks).StartLba);
        using FileTree tree = IsoImage.Open(image.Content);
        Assert.Equal(File.ReadAllBytes(folder["tree3/third"]), TreeWalk.ReadFile(tree, "third"));
    }

    /// <summary>Three sessions as <c>s1.iso</c> and so on, and all of them in their places in <c>whole</c>.</summary>
    /// <returns>First sectors of the sessions.</returns>
    private static int[] MakeSessions(TemporaryFolder folder)
    {
        Requires.Tool("genisoimage");
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir -p tree1/inner tree2 tree3
            seq 1 20000 > tree1/first
            seq 7 9000 > tree1/inner/deep
            seq 3 30000 > tree2/second
            seq 5 500 > tree3/third
            genisoimage -quiet -R -J -V ONE -o s1.iso tree1
            dd if=s1.iso of=whole bs=2048 conv=notrunc status=none
            n=$(( $(stat -c %s s1.iso) / 2048 + {{Gap1}} ))
            genisoimage -quiet -R -J -V TWO -C 0,$n -M whole -o s2.iso tree2
            dd if=s2.iso of=whole bs=2048 seek=$n conv=notrunc,sparse status=none
            m=$(( n + $(stat -c %s s2.iso) / 2048 + {{Gap2}} ))
            genisoimage -quiet -R -J -V THREE -C $n,$m -M whole -o s3.iso tree3
            dd if=s3.iso of=whole bs=2048 seek=$m conv=notrunc,sparse status=none
            echo $n $m > starts
            """);
        return [0, .. File.ReadAllText(folder["starts"]).Trim().Split(' ').Select(int.Parse)];
    }

    private static void WriteSheet(TemporaryFolder folder, int[] starts, string mode, bool hasPregaps)
    {
        using FileStream bin = File.Create(folder["disc.bin"]);
        using StreamWriter sheet = new(folder["disc.cue"]);
        sheet.WriteLine("FILE \"disc.bin\" BINARY");
        int position = 0;
        for (int i = 0; i < starts.Length; i++)
        {
            byte[] data = File.ReadAllBytes(folder[$"s{i + 1}.iso"]);
            int pregap = hasPregaps && i > 0 ? 150 : 0;
            data = [.. new byte[pregap * 2048], .. data];
            bin.Write(mode.EndsWith("2048", StringComparison.Ordinal)
                ? data
                : RawDisc.Sectors(
                    data,
                    mode.StartsWith("MODE2", StringComparison.Ordinal) ? TrackMode.Mode2 : TrackMode.Mode1,
                    starts[i] - pregap));
            sheet.WriteLine($"REM SESSION {i + 1:D2}\n  TRACK {i + 1:D2} {mode}");
            if (pregap > 0)
            {
                sheet.WriteLine($"    INDEX 00 {Formats.Optical.Sectors.Msf.Text(position)}");
            }

            sheet.WriteLine($"    INDEX 01 {Formats.Optical.Sectors.Msf.Text(position + pregap)}");
            position += data.Length / 2048;
        }
    }

    // The independent reader gets the sectors as a drive would give them.
    private static SortedDictionary<string, string> Extracted(TemporaryFolder folder, int session)
    {
        Requires.Tool("xorriso");
        string[] starts = [.. File.ReadAllText(folder["starts"]).Trim().Split(' ').Prepend("0")];
        string name = $"out{session}";
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            rm -rf {{name}}
            xorriso -load sbsector {{starts[session - 1]}} -indev stdio:whole -osirrox on -extract / {{name}} > log 2>&1
            chmod -R u+w {{name}}
            """);
        return HostTree.Of(folder[name], full: false);
    }

    private static IEnumerable<(int, int, TrackMode, long, long, long, int)> Shape(Disc disc) =>
        disc.Tracks.Select(track => (
            track.Number, track.Session, track.Mode, track.PregapLba, track.StartLba, track.EndLba, track.Control));
}
