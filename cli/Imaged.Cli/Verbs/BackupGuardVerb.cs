using System.Globalization;
using System.Runtime.InteropServices;
using Imaged.Cli.Arguments;
using Imaged.Cli.Consistency;
using Imaged.Linux;
using Imaged.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl backup-guard</c>, which <c>imagectl backup</c> and a unit call.</summary>
internal sealed class BackupGuardVerb : Verb
{
    private static readonly OptionSpec Sweep = new("sweep", null, "remove the snapshots of backups that were killed");

    public override string Name => SourceGuard.Verb;

    public override string Operands => "[HOW] [COUNT] [VOLUME]";

    public override string Summary => "keep the source of a backup from changing";

    public override string Description =>
        "Called by imagectl backup, as a process that removes the snapshot or thaws the file systems\n"
        + "when that one ends in whatever way; and by imaged-backup-sweep.service.";

    public override bool IsForUnits => true;

    public override IReadOnlyList<OptionSpec> Options => [Sweep];

    public override IReadOnlyList<string> Examples => ["imagectl backup-guard --sweep"];

    public override int Run(VerbCall call)
    {
        if (call.Arguments.Has(Sweep))
        {
            return SnapshotMarkers.Default.Sweep() ? ExitCode.Done : ExitCode.Failed;
        }

        if (call.Positional(1) is not { } count || !TryAdopt(out GuardChannel? channel))
        {
            throw new CliException(ExitCode.Usage, "imagectl backup calls this; for yourself there is --sweep");
        }

        // Whoever is at the other end says when it is over: a service that is stopped sends these to all its processes.
        PosixSignalRegistration[] signals =
            [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT }
                .Select(signal => PosixSignalRegistration.Create(signal, context => context.Cancel = true))];
        using (channel)
        {
            ConsistencyChoice choice = ConsistencyChoice.Parse(call.Positional(0)!);
            GuardProgram.Run(channel, Make(choice, count, call.Positional(2) ?? string.Empty));
        }

        GC.KeepAlive(signals);
        return ExitCode.Done;
    }

    private static IHeldSource Make(ConsistencyChoice choice, string count, string volume)
    {
        SafeFileHandle[] roots =
            [.. Enumerable.Range(SourceGuard.Descriptor + 1, int.Parse(count, CultureInfo.InvariantCulture))
                .Select(descriptor => new SafeFileHandle(descriptor, ownsHandle: true))];
        return choice.Mode == ConsistencyMode.Snapshot
            ? new HeldSnapshot(volume, roots, choice.SnapshotSize, SnapshotMarkers.Default)
            : new FrozenFileSystems(roots, TimeSpan.FromSeconds(choice.FreezeSeconds));
    }

    private static bool TryAdopt([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out GuardChannel? channel)
    {
        try
        {
            channel = new(UnixSocket.Adopt(SourceGuard.Descriptor));
            return true;
        }
        catch (LinuxException)
        {
            channel = null;
            return false;
        }
    }
}
