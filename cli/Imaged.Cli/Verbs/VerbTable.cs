namespace Imaged.Cli.Verbs;

/// <summary>All verbs, in the order of the help.</summary>
internal static class VerbTable
{
    public static IReadOnlyList<Verb> All { get; } =
    [
        new InfoVerb(),
        new LsVerb(),
        new CatVerb(),
        new CpVerb(),
        new ConvertVerb(),
        new BackupVerb(),
        new BackupListVerb(),
        new BackupMergeVerb(),
        new BackupRunVerb(),
        new BackupPruneVerb(),
        new RestoreVerb(),
        new DeployVerb(),
        new VerifyVerb(),
        new AttachVerb(),
        new DetachVerb(),
        new MountVerb(),
        new UmountVerb(),
        new ListVerb(),
        new MonitorVerb(),
        new MetricsVerb(),
        new JobListVerb("job"),
        new JobListVerb("job list"),
        new JobShowVerb(),
        new JobWaitVerb(),
        new JobCancelVerb(),
        new DoctorVerb(),
        new FormatsVerb(),
        new CompletionVerb(),
        new AutomountVerb(),
        new BackupGuardVerb(),
    ];

    /// <summary>The verb that is meant when none is given.</summary>
    public static Verb Default => Find("list")!;

    public static Verb? Find(string name) => All.FirstOrDefault(verb => verb.Name == name);
}
