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

    private readonly Settings _settings;
    private readonly Polkit _polkit;
    private volatile Members _members;

    /// <summary>The policy of the settings, and of polkit for what they leave to root.</summary>
    public AccessPolicy(Settings settings, Polkit polkit)
    {
        _settings = settings;
        _polkit = polkit;
        _members = Members.Of(settings.Current);
    }

    private enum Rule
    {
        RootOnly,
        MayAttach,
        Member,
    }

    /// <summary>Whether a method is in the table.</summary>
    public static bool Knows(string method) => Rules.ContainsKey(method);

    /// <summary>The group whose members may call; null when there is none of this name. It is looked up when the
    /// settings are read, and once only.</summary>
    public uint? Group
    {
        get
        {
            DaemonConfig config = _settings.Current;
            Members members = _members;
            if (!ReferenceEquals(members.Config, config))
            {
                members = Members.Of(config);
                _members = members;
            }

            return members.Group;
        }
    }

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

        if (Group is not { } group || !caller.IsInGroup(group))
        {
            string name = _settings.Current.Group;
            throw new ImagedException(
                ErrorKind.PermissionDenied,
                $"you are not in the group '{name}'; an administrator can add you with: usermod -aG {name} USER");
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
    public bool MayUseKernel(PeerCredentials caller) => caller.IsRoot || _settings.Current.KernelMountsForUsers;

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

    // Who may call by a configuration.
    private sealed record Members(DaemonConfig Config, uint? Group)
    {
        public static Members Of(DaemonConfig config) => new(config, FindGroup(config.Group));

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
}
