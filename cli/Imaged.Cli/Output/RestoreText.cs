using System.Globalization;
using System.Text;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Output;

/// <summary>What was written to disks, or would be, for people.</summary>
internal static class RestoreText
{
    /// <summary>What would be done.</summary>
    public static string PlanOf(RestoreSummary summary)
    {
        StringBuilder text = new();
        foreach (RestoredTarget target in summary.Targets)
        {
            string length = target.Length == 0 ? "a new file" : HumanSize.WithBytes(target.Length);
            text.Append(CultureInfo.InvariantCulture, $"target: {SafeText.Name(target.Name)}, {length}\n");
            foreach (string what in target.Holds)
            {
                text.Append("lost: ").Append(SafeText.Sentence(what)).Append('\n');
            }

            AppendChanges(text, target, "moves");
        }

        text.Append(
            CultureInfo.InvariantCulture,
            $"written: {HumanSize.Of(summary.Used)} of {HumanSize.Of(summary.Length)}\n");
        return text.Append("nothing was written: a dry run\n").ToString();
    }

    /// <summary>What was done. What failed is told elsewhere.</summary>
    public static string Of(RestoreSummary summary, TimeSpan took)
    {
        StringBuilder text = new();
        RestoredTarget[] written = [.. summary.Targets.Where(target => target.Error is null && target.Bad.Count == 0)];
        foreach (RestoredTarget target in written)
        {
            if (summary.Targets.Count > 1)
            {
                text.Append(SafeText.Name(target.Name)).Append(":\n");
            }

            AppendChanges(text, target, "moved");
            foreach (string step in target.Steps)
            {
                text.Append(SafeText.Sentence(step)).Append('\n');
            }
        }

        if (written.Length == 0)
        {
            return text.ToString();
        }

        string disks = summary.Targets.Count > 1
            ? string.Create(CultureInfo.InvariantCulture, $" to {written.Length} of {summary.Targets.Count} disks")
            : string.Empty;
        string read = summary.Checked ? "read back and compared" : "not read back";
        string amount = $"{HumanSize.Of(summary.Used)} of {HumanSize.Of(summary.Length)}";
        text.Append(
            CultureInfo.InvariantCulture, $"restored {amount}{disks} in {took.TotalSeconds:0.0} s, {read}\n");
        return text.ToString();
    }

    private static void AppendChanges(StringBuilder text, RestoredTarget target, string moves)
    {
        if (target.TableMoved)
        {
            text.Append(
                CultureInfo.InvariantCulture, $"the backup of the partition table {moves} to the end of the disk\n");
        }

        if (target.Grown is { } grown)
        {
            string what = grown.Partition is { } number
                ? string.Create(CultureInfo.InvariantCulture, $"partition {number}")
                : "the file system";
            text.Append(CultureInfo.InvariantCulture, $"{what}: {HumanSize.Of(grown.Length)} long\n");
        }

        if (target.NotGrown is { } reason)
        {
            text.Append("nothing grows: ").Append(SafeText.Sentence(reason)).Append('\n');
        }

        if (target.Ids.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"new ids: the disk and {target.Ids.Count} partitions\n");
        }
    }
}
