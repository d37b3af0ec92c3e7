using System.Globalization;
using System.Text;
using CsCheck;
using Imaged.Cli.Jobs;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Xunit;

namespace Imaged.UnitTests.Cli;

public sealed class OutputTests
{
    [Theory]
    [InlineData("plain name.txt", "plain name.txt")]
    [InlineData("Größe 日本 ☃", "Größe 日本 ☃")]
    [InlineData("\x1b[2J", "\\x1b[2J")]
    [InlineData("a\nb\tc\r", "a\\x0ab\\x09c\\x0d")]
    [InlineData("\u009b31m", "\\u009b31m")]
    [InlineData("\u202egnp.exe", "\\u202egnp.exe")]
    [InlineData("\u2028\ufeff\u200b", "\\u2028\\ufeff\\u200b")]
    [InlineData("back\\slash", "back\\\\slash")]
    [InlineData("no\u00a0break", "no\\u00a0break")]
    public void A_name_cannot_move_the_cursor_or_deceive(string name, string shown) =>
        Assert.Equal(shown, SafeText.Name(name));

    [Fact]
    public void Half_a_surrogate_pair_is_escaped() => Assert.Equal("a\\ud800", SafeText.Name("a\ud800"));

    [Fact]
    public void Bytes_that_are_no_text_are_shown_as_bytes() => Assert.Equal(
        "a\\xff\\xfeb\\\\ü\\x1b",
        SafeText.Name("a??b\\ü\x1b", [(byte)'a', 0xff, 0xfe, .. "b\\ü\x1b"u8]));

    [Fact]
    public void Different_names_are_shown_differently_and_without_control_characters() =>
        Gen.Select(Gen.String, Gen.String).Sample((a, b) =>
        {
            Assert.DoesNotContain(SafeText.Name(a), char.IsControl);
            Assert.Equal(a == b, SafeText.Name(a) == SafeText.Name(b));
        });

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1474560, "1.4 MiB")]
    [InlineData(681574400, "650 MiB")]
    [InlineData(1073741823, "1023 MiB")]
    [InlineData(long.MaxValue, "7.99 EiB")]
    public void Sizes_are_short_and_never_too_large(long bytes, string text) =>
        Assert.Equal(text, HumanSize.Of(bytes));

    [Theory]
    [InlineData(EntryType.File, 0x1ed, "-rwxr-xr-x")]
    [InlineData(EntryType.Directory, 0x3ff, "drwxrwxrwt")]
    [InlineData(EntryType.File, 0x9c0, "-rws------")]
    [InlineData(EntryType.Block, 0xe00, "b--S--S--T")]
    public void Modes_look_as_ls_shows_them(EntryType type, int mode, string text) =>
        Assert.Equal(text, EntryText.Mode(type, mode));

    [Fact]
    public void A_time_that_no_calendar_has_does_not_end_the_listing()
    {
        Assert.Equal("@9223372036854775807", EntryText.Cells(new() { Modified = long.MaxValue })[5]);
        Assert.Equal("1970-01-01 00:00", EntryText.Cells(new())[5]);
    }

    [Fact]
    public void Columns_fit_their_widest_cell_and_empty_ones_are_left_out()
    {
        TextTable table = new("A", ">N", "EMPTY", "B");
        table.Add("x", "1", string.Empty, "y");
        table.Add("日本", "100", string.Empty, string.Empty);
        StringBuilder text = new();
        table.Write(text, " ");
        Assert.Equal(" A       N  B\n x       1  y\n 日本  100\n", text.ToString());
    }

    [Theory]
    [InlineData(0, 0, 80)]
    [InlineData(50, 100, 80)]
    [InlineData(50, 100, 20)]
    [InlineData(500, 100, 5)]
    [InlineData(-5, 100, 80)]
    public void A_line_of_progress_fits_the_terminal(long done, long total, int columns)
    {
        string line = ProgressBar.Line(
            Pace.Of(new() { Phase = "co\npy", Done = done, Total = total }, 10), columns);
        Assert.True(line.Length < columns, line);
        Assert.DoesNotContain(line, char.IsControl);
    }

    [Fact]
    public void Progress_tells_the_share_the_rate_and_what_is_left() => Assert.Equal(
        "copy [###############...............]  50%  1 GiB of 2 GiB  102 MiB/s  0:10 left",
        ProgressBar.Line(Pace.Of(new() { Phase = "copy", Done = 1L << 30, Total = 2L << 30 }, 10), 100));

    [Fact]
    public void Everything_that_an_image_says_is_escaped_in_its_description()
    {
        const string Evil = "\x1b]0;evil\a";
        Volume volume = new()
        {
            FileSystem = Evil, Version = Evil, Label = Evil, Uuid = Evil, Warnings = [Evil],
            Details = [new() { Name = Evil, Value = Evil }],
        };
        string text = InfoText.Of(new()
        {
            File = Evil,
            Layers =
            [
                new()
                {
                    Format = Evil,
                    Title = Evil,
                    Details = [new() { Name = Evil, Value = Evil }],
                    Files = [new() { Name = Evil }],
                },
            ],
            PartitionTable = new()
            {
                Type = Evil, Uuid = Evil, Warnings = [Evil],
                Partitions =
                [
                    new() { Type = Evil, Name = Evil, Uuid = Evil, Volumes = [volume] },
                    new() { TypeName = Evil },
                ],
            },
            Volumes = [volume],
            Warnings = [Evil],
        }).ToString();
        Assert.DoesNotContain(text, c => char.IsControl(c) && c != '\n');
        string table = AttachmentText.Table(
            [new() { Id = Evil, Image = Evil, Device = Evil, MountPoint = Evil, FileSystem = Evil }]).ToString();
        Assert.DoesNotContain(table, c => char.IsControl(c) && c != '\n');
        Assert.Contains(1.ToString(CultureInfo.InvariantCulture), table, StringComparison.Ordinal);
    }
}
