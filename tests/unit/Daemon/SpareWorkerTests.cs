using Imaged.Daemon.Workers;
using Imaged.Ipc;
using Imaged.Linux.Sockets;
using Xunit;

namespace Imaged.UnitTests.Daemon;

public sealed class SpareWorkerTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly List<UnixSocket> _workers = [];
    private readonly SemaphoreSlim _started = new(0);
    private int _number;

    [Fact]
    public void One_is_kept_while_it_is_wanted_and_another_one_once_it_is_taken()
    {
        using SpareWorker spare = new(Start, TimeSpan.Zero);
        Assert.Null(spare.Take());
        spare.Keep(true);
        Assert.Equal("worker 1", TakeStarted(spare));
        Assert.Equal("worker 2", TakeStarted(spare));
        spare.Keep(true);
        Assert.True(_started.Wait(Patience, Token));
        spare.Keep(true);
        spare.Keep(true);
        Assert.Equal("worker 3", Wait(spare));
    }

    [Fact]
    public void One_that_is_not_wanted_any_more_is_let_go()
    {
        using SpareWorker spare = new(Start, TimeSpan.Zero);
        spare.Keep(true);
        Assert.True(_started.Wait(Patience, Token));
        spare.Keep(false);
        Assert.Null(spare.Take());
        Assert.Equal(0, _workers[0].Receive(new byte[1], [], Patience));
    }

    [Fact]
    public void One_that_is_started_too_late_is_let_go_as_well()
    {
        using ManualResetEventSlim goOn = new();
        using SpareWorker spare = new(
            () =>
            {
                WaitingWorker worker = Start();
                goOn.Wait(Patience, Token);
                return worker;
            },
            TimeSpan.Zero);
        spare.Keep(true);
        Assert.True(_started.Wait(Patience, Token));
        spare.Keep(false);
        goOn.Set();
        Assert.Equal(0, _workers[0].Receive(new byte[1], [], Patience));
        Assert.Null(spare.Take());
    }

    [Fact]
    public void Once_disposed_it_keeps_none_whoever_asks()
    {
        SpareWorker spare = new(Start, TimeSpan.Zero);
        spare.Keep(true);
        Assert.True(_started.Wait(Patience, Token));
        spare.Dispose();
        spare.Keep(true);
        Assert.Null(spare.Take());
        Assert.Equal(0, _workers[0].Receive(new byte[1], [], Patience));
    }

    [Fact]
    public void Where_none_can_be_started_there_is_none()
    {
        using SemaphoreSlim tried = new(0);
        using SpareWorker spare = new(
            () =>
            {
                tried.Release();
                throw new ImagedException(ErrorKind.Failed, "no");
            },
            TimeSpan.Zero);
        spare.Keep(true);
        Assert.True(tried.Wait(Patience, Token));
        Assert.Null(spare.Take());
        Assert.True(tried.Wait(Patience, Token), "it is not tried again when it is needed");
    }

    public void Dispose()
    {
        _workers.ForEach(worker => worker.Dispose());
        _started.Dispose();
    }

    private WaitingWorker Start()
    {
        (UnixSocket ours, UnixSocket theirs) = UnixSocket.CreatePair();
        lock (_workers)
        {
            _workers.Add(theirs);
        }

        _started.Release();
        return new($"worker {Interlocked.Increment(ref _number)}", ours);
    }

    private string TakeStarted(SpareWorker spare)
    {
        Assert.True(_started.Wait(Patience, Token));
        return Wait(spare);
    }

    // It is kept just after it has started.
    private static string Wait(SpareWorker spare)
    {
        WaitingWorker? taken = null;
        Assert.True(SpinWait.SpinUntil(() => (taken = spare.Take()) is not null, Patience));
        taken!.Connection.Dispose();
        return taken.Unit;
    }
}
