using System.Globalization;
using Imaged.Fuzz;

Coverage.Enable();
return args switch
{
    ["list"] => List(),
    ["run", string name, "--time", string seconds] =>
        Campaign.Run(name, TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture))),
    ["replay", string name, .. string[] files] => Replay(name, files),

    // Only called by Campaign, in a process of its own.
    ["one", string name, string seconds, string current] => Instrumentation.Ready
        ? new FuzzLoop(FuzzTargets.Find(name), current)
            .Run(TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)))
        : throw new InvalidOperationException("the libraries are not instrumented"),
    _ => Usage(),
};

static int List()
{
    SortedDictionary<string, (long Seconds, long Runs)> totals = Ledger.Read();
    foreach (FuzzTarget target in FuzzTargets.All)
    {
        (long seconds, long runs) = totals.GetValueOrDefault(target.Name);
        Console.WriteLine(FormattableString.Invariant(
            $"{target.Name,-24} {TimeSpan.FromSeconds(seconds):hh\\:mm\\:ss} {runs,12} runs so far"));
    }

    return 0;
}

static int Replay(string name, string[] files)
{
    FuzzTarget target = FuzzTargets.Find(name);
    foreach (string file in files)
    {
        Console.WriteLine($"{file}: {CrashStore.Describe(target, CrashStore.Load(file)) ?? "fine"}");
    }

    return 0;
}

static int Usage()
{
    Console.Error.WriteLine("usage: Imaged.Fuzz list | run TARGET|all --time SECONDS | replay TARGET FILE...");
    return 2;
}
