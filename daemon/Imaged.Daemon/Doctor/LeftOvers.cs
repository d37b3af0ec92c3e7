using System.Globalization;
using Imaged.Daemon.Attachments;
using Imaged.Daemon.Config;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Imaged.Linux.Sockets;

namespace Imaged.Daemon.Doctor;

/// <summary>Looks for what attachments left behind, and for those that do not work.</summary>
internal sealed class LeftOvers
{
    private const string Mark = "imaged:";

    private readonly DaemonOptions _options;
    private readonly AttachmentTable _table;

    /// <summary>Left over is what is not in <paramref name="table"/>.</summary>
    public LeftOvers(DaemonOptions options, AttachmentTable table)
    {
        _options = options;
        _table = table;
    }

    /// <summary>What there is; one finding that all is well when there is nothing.</summary>
    /// <param name="caller">Who asks: root is told of everything, others of their own attachments.</param>
    public IReadOnlyList<Finding> Find(PeerCredentials caller)
    {
        List<Attached> attachments = [.. _table.All.Where(a => caller.IsRoot || a.Record.Owner == caller.Uid)];
        List<Finding> found = [.. attachments.Where(a => a.State != AttachmentState.Active).Select(Describe)];
        if (caller.IsRoot)
        {
            found.AddRange([.. FindMounts(), .. FindLoops(), .. FindRecords(), .. FindDirectories()]);
        }

        return found.Count > 0
            ? found
            :
            [
                new()
                {
                    Check = "attachments",
                    Message = string.Create(
                        CultureInfo.InvariantCulture,
                        $"{attachments.Count} attached, nothing is wrong with them or left over"),
                },
            ];
    }

    private static Finding Describe(Attached attached) => new()
    {
        Check = "attachments",
        State = FindingState.Problem,
        Message = attached.State == AttachmentState.Recovering
            ? $"'{attached.Record.Image}' ({attached.Record.Id}) waits for its worker to be replaced"
            : $"'{attached.Record.Image}' ({attached.Record.Id}) can no longer be read",
        Remedy = $"see why with: journalctl IMAGED_ATTACHMENT={attached.Record.Id}",
    };

    private static Finding LeftOver(string check, string message, string remedy) => new()
    {
        Check = check, State = FindingState.Problem, Message = message, Remedy = remedy,
    };

    // What is being attached just now has an id, too.
    private bool IsKnown(string id) => _table.Knows(id);

    private IEnumerable<Finding> FindMounts() => MountTable.Read()
        .Where(entry => entry.Source.StartsWith(Mark, StringComparison.Ordinal)
            && !IsKnown(entry.Source[Mark.Length..]))
        .Select(entry => LeftOver(
            "mounts",
            $"the mount on '{entry.Path}' belongs to no attachment",
            $"unless another imaged has made it: umount {entry.Path}"));

    private IEnumerable<Finding> FindLoops()
    {
        foreach (int number in LoopDevice.ListAttached())
        {
            using LoopDevice? loop = LoopDevice.Open(number);
            string name = loop?.TryGetStatus()?.Name ?? string.Empty;
            if (name.StartsWith(Mark, StringComparison.Ordinal) && !IsKnown(name[Mark.Length..]))
            {
                string device = LoopDevice.PathOf(number);
                yield return LeftOver(
                    "loop-devices",
                    $"'{device}' belongs to no attachment",
                    $"unless another imaged has made it: losetup -d {device}");
            }
        }
    }

    private IEnumerable<Finding> FindRecords() => Directory
        .EnumerateFiles(Path.Combine(_options.StateFolder, "attachments"))
        .Where(file => !IsKnown(Path.GetFileName(file).Split('.')[0]))
        .Select(file => LeftOver("records", $"the record '{file}' belongs to no attachment", $"rm {file}"));

    // Mount points that were made for a label and stayed, because something was in them or held them.
    private IEnumerable<Finding> FindDirectories()
    {
        if (!Directory.Exists(_options.MediaFolder))
        {
            return [];
        }

        HashSet<string> mounted = [.. MountTable.Read().Select(entry => entry.Path)];
        HashSet<string> meant = [.. _table.All.Select(a => a.Record.MountPoint).OfType<string>()];
        return Directory.EnumerateDirectories(_options.MediaFolder)
            .Where(folder => !mounted.Contains(folder) && !meant.Contains(folder))
            .Select(folder => new Finding
            {
                Check = "mount-points",
                State = FindingState.Warning,
                Message = $"nothing is mounted on '{folder}'",
                Remedy = $"unless you have made it: rmdir '{folder}'",
            });
    }
}
