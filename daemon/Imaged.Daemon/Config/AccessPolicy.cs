using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux.Sockets;
using Mono.Unix;

namespace Imaged.Daemon.Config;

/// <summary>Who may do what. Every method of the manager is in this one table; one that is not is refused.</summary>
internal sealed class AccessPolicy
{
    private static readonly Dictionary<string, Rule> Rules = new(StringComparer.Ordinal)
    {
        [ManagerInterface.Attach.FullName] = Rule.MayAttach, // a block device is the kernel's to parse
        [ManagerInterface.Mount.FullName] = Rule.Member,
        [ManagerInterface.Detach.FullName] = Rule.Member,   // of his own
        [ManagerInterface.Unmount.FullName] = Rule.Member,  // of his own
        [ManagerInterface.List.FullName] = Rule.Member,     // sees his own
        [ManagerInterface.Monitor.FullName] = Rule.Member,  // sees what concerns him
        [ManagerInterface.Metrics.FullName] = Rule.RootOnly, // sums over all users
        [ManagerInterface.Diagnose.FullName] = Rule.Member, // as list: root sees more
        [ManagerInterface.Automount.FullName] = Rule.RootOnly, // asked by units
    };

    private readonly DaemonConfig _config;
    private readonly uint? _group;
    private readonly Polkit _polkit;

    /// <summary>The policy of a configuration, and of polkit for what that leaves to root.</summary>
    public AccessPolicy(DaemonConfig config, Polkit polkit)
    {
        _config = config;
        _polkit = polkit;
        _group = FindGroup(config.Group);
    }

    private enum Rule
    {
        RootOnly,
        MayAttach,
        Member,
    }

    /// <summary>Whether a method is in the table.</summary>
    public static bool Knows(string method) => Rules.ContainsKey(method);

    /// <summary>The group whose members may call; null when there is none of this name.</summary>
    public uint? Group => _group;

    /// <summary>Throws unless the caller may call the method.</summary>
    public void Check(string method, PeerCredentials caller)
    {
        if (caller.IsRoot)
        {
            return;
        }

        if (!Rules.TryGetValue(method, out Rule rule) || rule == Rule.RootOnly)
        {
            string verb = method[(method.LastIndexOf('.') + 1)..].ToLowerInvariant();
            throw new ImagedException(ErrorKind.PermissionDenied, $"{verb} is for root only");
        }

        if (_group is not { } group || !caller.IsInGroup(group))
        {
            throw new ImagedException(
                ErrorKind.PermissionDenied,
                $"you are not in the group '{_config.Group}'; an administrator can add you with: "
                + $"usermod -aG {_config.Group} USER");
        }

        if (rule == Rule.MayAttach)
        {
            Require(
                PolkitAction.Attach,
                caller,
                "attach is for root only; mount shows the files without a block device");
        }
    }

    /// <summary>Whether the caller's images may be parsed by the kernel's own drivers.</summary>
    public bool MayUseKernel(PeerCredentials caller) => caller.IsRoot || _config.KernelMountsForUsers;

    /// <summary>Throws unless the kernel's own drivers may parse the caller's images, or polkit lets them.</summary>
    public void RequireKernel(PeerCredentials caller)
    {
        if (!MayUseKernel(caller))
        {
            Require(
                PolkitAction.KernelMount,
                caller,
                "the kernel's drivers are for root's images only; leave --as out");
        }
    }

    /// <summary>Throws unless the attachment is the caller's or the caller is root, or polkit lets him.</summary>
    public void RequireOwner(uint owner, PeerCredentials caller)
    {
        if (!caller.IsRoot && owner != caller.Uid)
        {
            Require(PolkitAction.OthersAttachments, caller, "it was attached by another user");
        }
    }

    /// <summary>Throws unless polkit gives the caller an authorization.</summary>
    /// <param name="action">Of <see cref="PolkitAction"/>.</param>
    /// <param name="caller">Who, not root.</param>
    /// <param name="refusal">What to say when not.</param>
    public void Require(string action, PeerCredentials caller, string refusal)
    {
        if (_polkit.IsAuthorized(caller, action))
        {
            return;
        }

        string wayOut = _polkit.IsPresent
            ? $"; an administrator can allow it by a rule for the action '{action}', see polkit(8)"
            : string.Empty;
        throw new ImagedException(ErrorKind.PermissionDenied, refusal + wayOut);
    }

    private static uint? FindGroup(string name)
    {
        try
        {
            return (uint)new UnixGroupInfo(name).GroupId;
        }
        catch (Exception error) when (error is ArgumentException or DllNotFoundException)
        {
            return null; // no such group, or its native library is not installed: only root may call then
        }
    }
}
