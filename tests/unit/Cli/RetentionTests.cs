using Imaged.Cli;
using Imaged.Cli.Hosting;
using Xunit;

namespace Imaged.UnitTests.Cli;

/// <summary>Which backups a rule keeps.</summary>
public sealed class RetentionTests
{
    // Two a day, at noon and in the evening, through March of 2026, which begins on a Sunday.
    private static readonly DateTime[] Times =
    [
        .. Enumerable.Range(1, 31).SelectMany(
            day => (DateTime[])[new(2026, 3, day, 12, 0, 0), new(2026, 3, day, 20, 0, 0)]),
    ];

    [Theory]
    [InlineData("last=3", "30T20 31T12 31T20")]
    [InlineData("daily=2", "30T20 31T20")]
    [InlineData("keep-daily=2", "30T20 31T20")]
    [InlineData("weekly=3", "22T20 29T20 31T20")] // Sundays, and the week that has not ended
    [InlineData("daily=1,weekly=2", "29T20 31T20")]
    [InlineData("monthly=5", "31T20")]
    [InlineData("daily=2 weekly=2 monthly=1 yearly=1", "29T20 30T20 31T20")]
    [InlineData("hourly=3", "30T20 31T12 31T20")]
    public void The_newest_of_each_period_is_kept(string rules, string expected)
    {
        HashSet<DateTime> kept = new Retention(rules).Choose(Times, time => time);
        Assert.Equal(expected, string.Join(' ', kept.Order().Select(time => time.ToString("dd'T'HH"))));
    }

    [Fact]
    public void Backups_of_the_same_second_are_several()
    {
        string[] kept = [.. new Retention("last=2").Choose(["a", "b", "c"], _ => Times[0]).Order()];
        Assert.Equal(["b", "c"], kept);
        Assert.Equal(["c"], new Retention("daily=2").Choose(["a", "b", "c"], _ => Times[0]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("daily")]
    [InlineData("daily=x")]
    [InlineData("daily=-1")]
    [InlineData("fortnightly=2")]
    [InlineData("daily=0,weekly=0")]
    public void What_makes_no_sense_or_keeps_nothing_is_refused(string rules) =>
        Assert.Equal(ExitCode.Usage, Assert.Throws<CliException>(() => new Retention(rules)).ExitCode);
}
