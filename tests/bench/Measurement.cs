namespace Imaged.Bench;

/// <summary>Something to measure.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Measure">Does it once.</param>
internal sealed record Target(string Name, Func<double> Measure);

/// <summary>What came out.</summary>
/// <param name="Name">Of the target.</param>
/// <param name="Values">One per round.</param>
internal sealed record Measurement(string Name, IReadOnlyList<double> Values)
{
    public double Median
    {
        get
        {
            double[] sorted = [.. Values.Order()];
            int middle = sorted.Length / 2;
            return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        }
    }

    /// <summary>Measures all targets in every round, each round beginning with another one: what else the machine does
    /// hits all of them alike.</summary>
    public static Measurement[] Interleave(int rounds, params Target[] targets)
    {
        List<double>[] values = [.. targets.Select(_ => new List<double>())];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < targets.Length; i++)
            {
                int which = (i + round) % targets.Length;
                values[which].Add(targets[which].Measure());
            }
        }

        return [.. targets.Select((target, i) => new Measurement(target.Name, values[i]))];
    }
}
