using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Imaged.Fuzz;

/// <summary>Fuzzes targets one after the other, each in a process of its own: a stack that overflows takes only that
/// one with it.</summary>
internal static class Campaign
{
    public static int Run(string name, TimeSpan time)
    {
        // Before anything loads the libraries.
        Instrumentation.Prepare();
        return RunTargets(name, time);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int RunTargets(string name, TimeSpan time)
    {
        FuzzTarget[] targets = [.. FuzzTargets.All.Where(target => name == "all" || target.Name == name)];
        if (targets.Length == 0)
        {
            Console.Error.WriteLine($"no target '{name}'; 'list' shows them");
            return 2;
        }

        return targets.Max(target => RunOne(target, time));
    }

    private static int RunOne(FuzzTarget target, TimeSpan time)
    {
        string current = Path.GetTempFileName();
        try
        {
            ProcessStartInfo start = new(
                Environment.ProcessPath!,
                ["one", target.Name, ((int)time.TotalSeconds).ToString(CultureInfo.InvariantCulture), current]);
            // A parser that asks for gigabytes gets an exception with a stack.
            start.Environment["DOTNET_GCHeapHardLimit"] = "0x60000000";
            using Process process = Process.Start(start)!;
            process.WaitForExit();
            if (process.ExitCode is not (0 or 1 or FuzzLoop.HangStatus))
            {
                using BinaryReader reader = new(File.OpenRead(current));
                FuzzInput input = FuzzInput.Load(reader, SeedStore.For(target));
                string? path = CrashStore.Save(target.Name, $"fatal-{process.ExitCode}", input);
                Console.WriteLine($"{target.Name}: the process died ({process.ExitCode}): {path ?? "(known)"}");
            }

            return process.ExitCode == 0 ? 0 : 1;
        }
        finally
        {
            File.Delete(current);
        }
    }
}
