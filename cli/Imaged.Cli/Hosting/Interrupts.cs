using System.Runtime.InteropServices;
using Imaged.Cli.Jobs;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Hosting;

/// <summary>Undoes what is half done when the user presses Ctrl-C or the process is told to end.</summary>
internal static class Interrupts
{
    private static readonly Lock Lock = new();
    private static readonly List<Action> CleanUps = [];
    private static readonly List<PosixSignalRegistration> Registrations = [];
    private static bool ending;

    /// <summary>Whether the terminal is lost, and the job went on.</summary>
    public static bool IsHungUp { get; private set; }

    /// <summary>Adds something to undo; disposing of the result takes it back.</summary>
    public static IDisposable Add(Action cleanUp)
    {
        lock (Lock)
        {
            if (Registrations.Count == 0)
            {
                Registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, End));
                Registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, End));
                Registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, HangUp));
            }

            CleanUps.Add(cleanUp);
        }

        return new Removal(cleanUp);
    }

    /// <summary>Never returns once the process is being ended: what then fails on this thread is no error to tell
    /// of.</summary>
    public static void WaitIfEnding()
    {
        if (Volatile.Read(ref ending))
        {
            // The thread of the signal ends the process.
            Thread.Sleep(Timeout.Infinite);
        }
    }

    // A job does not end with the terminal, or the SSH session, that it was started from.
    private static void HangUp(PosixSignalContext context)
    {
        if (Job.Current is null)
        {
            End(context);
            return;
        }

        context.Cancel = true;
        IsHungUp = true;
    }

    private static void End(PosixSignalContext context)
    {
        context.Cancel = true;
        lock (Lock)
        {
            Volatile.Write(ref ending, true);

            // The newest first: a file is removed before the process that writes it would notice anything.
            for (int i = CleanUps.Count - 1; i >= 0; i--)
            {
                try
                {
                    CleanUps[i]();
                }
                catch (Exception error) when (error is IOException or UnauthorizedAccessException)
                {
                    Output.Printer.Message(error.Message);
                }
            }

            int exitCode =
                context.Signal == PosixSignal.SIGINT ? ExitCode.Interrupted : 128 + SignalNumber(context.Signal);
            Job.Current?.End(JobState.Cancelled, exitCode);
            Environment.Exit(exitCode);
        }
    }

    private static int SignalNumber(PosixSignal signal) => signal == PosixSignal.SIGHUP ? 1 : 15;

    private sealed class Removal(Action cleanUp) : IDisposable
    {
        public void Dispose()
        {
            lock (Lock)
            {
                CleanUps.Remove(cleanUp);
            }
        }
    }
}
