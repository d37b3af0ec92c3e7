using Imaged.Cli;
using Imaged.Ipc;
using Imaged.Ipc.Varlink;
using Imaged.Linux;
using Xunit;

namespace Imaged.UnitTests.Cli;

public sealed class ErrorReportTests
{
    [Theory]
    [InlineData(ErrorKind.Failed, 1)]
    [InlineData(ErrorKind.InvalidArgument, 2)]
    [InlineData(ErrorKind.NothingToDo, 3)]
    [InlineData(ErrorKind.NotFound, 4)]
    [InlineData(ErrorKind.PermissionDenied, 5)]
    [InlineData(ErrorKind.BadImage, 1)]
    [InlineData(ErrorKind.Unsupported, 7)]
    [InlineData(ErrorKind.Busy, 1)]
    [InlineData(ErrorKind.LimitExceeded, 5)]
    [InlineData(ErrorKind.HostError, 1)]
    [InlineData(ErrorKind.Ambiguous, 2)]
    public void Every_error_of_the_contract_has_its_exit_code(ErrorKind kind, int exitCode) =>
        Assert.Equal(("why", exitCode), ErrorReport.Describe(new ImagedException(kind, "why")));

    [Fact]
    public void The_table_above_is_complete() =>
        Assert.All(Enum.GetValues<ErrorKind>(), kind => ErrorReport.Describe(new ImagedException(kind, "why")));

    [Fact]
    public void What_would_decide_is_named() => Assert.Equal(
        ("two formats match; choose one of: a, b", 2),
        ErrorReport.Describe(new ImagedException(ErrorKind.Ambiguous, "two formats match") { Choices = ["a", "b"] }));

    [Fact]
    public void What_would_decide_is_not_named_twice() => Assert.Equal(
        ("choose 1 or 2", 2),
        ErrorReport.Describe(new ImagedException(ErrorKind.Ambiguous, "choose 1 or 2") { Choices = ["1", "2"] }));

    [Fact]
    public void A_reader_that_went_away_is_no_news()
    {
        Assert.Equal((null, 141), ErrorReport.Describe(new LinuxException("write", Errno.EPIPE)));
        Assert.Equal(
            (null, 141),
            ErrorReport.Describe(
                new ImagedException(ErrorKind.HostError, "write: Broken pipe") { Errno = Errno.EPIPE }));
    }

    [Theory]
    [InlineData("org.varlink.service.PermissionDenied", 5)]
    [InlineData("org.varlink.service.InvalidParameter", 2)]
    [InlineData("org.varlink.service.MethodNotFound", 7)]
    [InlineData("com.example.Surprise", 1)]
    public void Errors_of_varlink_have_theirs(string error, int exitCode) =>
        Assert.Equal(exitCode, ErrorReport.Describe(new VarlinkException(error)).ExitCode);

    [Theory]
    [InlineData(Errno.ENOENT, 4)]
    [InlineData(Errno.EACCES, 5)]
    [InlineData(Errno.EIO, 1)]
    public void So_have_failed_system_calls(int errno, int exitCode) =>
        Assert.Equal(exitCode, ErrorReport.Describe(new LinuxException("open 'x'", errno)).ExitCode);
}
