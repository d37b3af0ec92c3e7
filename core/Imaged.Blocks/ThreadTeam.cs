using System.Runtime.ExceptionServices;

namespace Imaged.Blocks;

/// <summary>Several threads that do one job.</summary>
public static class ThreadTeam
{
    /// <summary>Runs <paramref name="work"/> on several threads and waits for all of them.</summary>
    /// <param name="count">How many threads, at least 1.</param>
    /// <param name="work">What each of them does until nothing is left.</param>
    /// <param name="stop">Called when one of them has failed, by whichever thread that is: nothing is to be left for
    /// the others.</param>
    /// <remarks>Throws what the first one threw that failed.</remarks>
    public static void Run(int count, Action work, Action stop)
    {
        Exception? failure = null;
        Thread[] threads = new Thread[count];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(() =>
            {
                try
                {
                    work();
                }
                catch (Exception error)
                {
                    Interlocked.CompareExchange(ref failure, error, null);
                    stop();
                }
            });
            threads[i].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }
}
