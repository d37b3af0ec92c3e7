using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl backup prune</c>.</summary>
internal sealed class BackupPruneVerb : Verb
{
    private static readonly OptionSpec Keep =
        new("keep", "RULES", "what to keep: last=3,daily=7,weekly=4,monthly=12,yearly=2") { Joins = true };

    private static readonly OptionSpec MergeFirst =
        new("merge", null, "make whole what is kept, so that what it stands on can go");

    public override string Name => "backup prune";

    public override string Operands => "FOLDER";

    public override string Summary => "remove old backups by a rule";

    public override string Description =>
        "Of each source the newest of each day, week ... is kept, and whatever a kept one stands on.\n"
        + "Backups that cannot be read are left alone.";

    public override IReadOnlyList<OptionSpec> Options => [Keep, MergeFirst, DiskRestore.DryRun];

    public override bool IsLong => true;

    public override IReadOnlyList<string> Examples =>
        ["imagectl backup prune /backup --keep daily=7,weekly=4 --merge"];

    public override int Run(VerbCall call)
    {
        string rules = call.Arguments.Text(Keep)
            ?? throw new CliException(ExitCode.Usage, "say what to keep, as in --keep daily=7,weekly=4");

        // By the source: two disks that are saved to one folder have each their own week.
        using SafeFileHandle directory = BackupLock.Take(call.Positional(0)!, isShared: false);
        Prune(
            call,
            directory,
            call.Positional(0)!,
            new Retention(rules),
            listed => listed.Backup!.Source.Name,
            call.Arguments.Has(MergeFirst),
            call.Arguments.Has(DiskRestore.DryRun));
        return ExitCode.Done;
    }

    /// <summary>Removes backups of a folder that rules do not keep and that no kept one stands on.</summary>
    /// <param name="call">How it is told.</param>
    /// <param name="directory">The folder, locked for this.</param>
    /// <param name="path">Its path.</param>
    /// <param name="retention">The rules.</param>
    /// <param name="groupOf">What has rules of its own; null for a backup that is none of this business, which is
    /// kept.</param>
    /// <param name="mergeFirst">Whether those are made whole that are kept and stand on one that is not.</param>
    /// <param name="isDry">Whether it is only told.</param>
    internal static void Prune(
        VerbCall call,
        SafeFileHandle directory,
        string path,
        Retention retention,
        Func<BackupListed, string?> groupOf,
        bool mergeFirst,
        bool isDry)
    {
        BackupFolder folder = BackupFolder.Read(path);
        HashSet<BackupListed> kept = ChooseKept(folder, retention, groupOf);
        BackupListed[] merged = mergeFirst
            ? [.. folder.Backups.Where(listed => kept.Contains(listed) && StandsOnOther(folder, listed, kept))]
            : [];
        HashSet<BackupListed> needed = WithParents(folder, kept, merged);

        BackupListed[] removed = [.. folder.Backups.Where(listed => !needed.Contains(listed))];
        foreach (BackupListed listed in merged)
        {
            Say(call, isDry ? "would be made whole" : "made whole", listed);
            if (!isDry)
            {
                using ImageFile image = ImageFile.Open(Path.Combine(folder.Path, listed.Name));
                BackupMergeVerb.Merge(call, image);
            }
        }

        // Those that stand on others go first, each for good before the next: whenever this is interrupted, no chain is
        // broken.
        foreach (BackupListed listed in removed.OrderByDescending(folder.DepthOf))
        {
            Say(call, isDry ? "would be removed" : "removed", listed);
            if (!isDry)
            {
                File.Delete(Path.Combine(folder.Path, listed.Name));
                FileCache.Flush(directory);
            }
        }

        RemoveLeftovers(call, path, isDry);
    }

    /// <summary>Removes what backups that were killed have left of themselves in a folder.</summary>
    /// <param name="call">How it is told.</param>
    /// <param name="path">The folder.</param>
    /// <param name="isDry">Whether it is only told.</param>
    internal static void RemoveLeftovers(VerbCall call, string path, bool isDry)
    {
        foreach (FileInfo file in OutputFile.Leftovers(path))
        {
            string what = isDry ? "would be removed" : "removed";
            string told = $"{SafeText.Name(file.Name)}, {HumanSize.Of(file.Length)} that a killed run left";
            try
            {
                if (!isDry)
                {
                    file.Delete();
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // No reason not to save what is to be saved.
                call.Printer.Warn($"cannot be removed: {told}: {error.Message}");
                continue;
            }

            if (!call.Printer.Quiet)
            {
                Printer.Write($"{what}: {told}\n");
            }
        }
    }

    private static void Say(VerbCall call, string what, BackupListed listed)
    {
        if (!call.Printer.Quiet)
        {
            Printer.Write($"{what}: {SafeText.Name(listed.Name)}\n");
        }
    }

    private static HashSet<BackupListed> ChooseKept(
        BackupFolder folder, Retention retention, Func<BackupListed, string?> groupOf)
    {
        HashSet<BackupListed> kept =
        [
            .. folder.Backups.Where(
                listed => listed.Backup is null || listed.Problem is not null || groupOf(listed) is null),
        ];
        foreach (IGrouping<string?, BackupListed> group in folder.Backups.Except(kept).GroupBy(groupOf))
        {
            kept.UnionWith(retention.Choose(group, BackupFolder.TimeOf));
        }

        return kept;
    }

    private static bool StandsOnOther(BackupFolder folder, BackupListed listed, HashSet<BackupListed> kept) =>
        listed.Problem is null && folder.ParentOf(listed) is { } parent && !kept.Contains(parent);

    private static HashSet<BackupListed> WithParents(
        BackupFolder folder, HashSet<BackupListed> kept, BackupListed[] merged)
    {
        HashSet<BackupListed> all = [];
        foreach (BackupListed listed in kept)
        {
            for (BackupListed? at = listed; at is not null && all.Add(at);)
            {
                at = merged.Contains(at) ? null : folder.ParentOf(at);
            }
        }

        return all;
    }
}
