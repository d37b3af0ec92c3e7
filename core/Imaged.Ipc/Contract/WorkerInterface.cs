using Imaged.Ipc.Varlink;
using Json = Imaged.Ipc.Contract.ContractJson;

namespace Imaged.Ipc.Contract;

/// <summary>The methods of <c>io.imaged.Worker</c>.</summary>
public static class WorkerInterface
{
    /// <summary>Name of the interface.</summary>
    public const string Name = "io.imaged.Worker";

    /// <summary>Opens the image.</summary>
    public static VarlinkMethod<OpenParameters, OpenReply> Open { get; } =
        new(Name + ".Open", Json.Default.OpenParameters, Json.Default.OpenReply);

    /// <summary>How to attach it.</summary>
    public static VarlinkMethod<PlanParameters, PlanReply> Plan { get; } =
        new(Name + ".Plan", Json.Default.PlanParameters, Json.Default.PlanReply);

    /// <summary>Serves it by FUSE.</summary>
    public static VarlinkMethod<ServeParameters, Nothing> Serve { get; } =
        new(Name + ".Serve", Json.Default.ServeParameters, Json.Default.Nothing);

    /// <summary>Stops serving, so that another worker can go on.</summary>
    public static VarlinkMethod<Nothing, HandoverReply> Handover { get; } =
        new(Name + ".Handover", Json.Default.Nothing, Json.Default.HandoverReply);

    /// <summary>Lists files; more.</summary>
    public static VarlinkMethod<ListParameters, ListReply> List { get; } =
        new(Name + ".List", Json.Default.ListParameters, Json.Default.ListReply);

    /// <summary>Writes the bytes of a file.</summary>
    public static VarlinkMethod<CatParameters, CatReply> Cat { get; } =
        new(Name + ".Cat", Json.Default.CatParameters, Json.Default.CatReply);

    /// <summary>Copies files out; more.</summary>
    public static VarlinkMethod<CopyParameters, CopyReply> Copy { get; } =
        new(Name + ".Copy", Json.Default.CopyParameters, Json.Default.CopyReply);

    /// <summary>Which files another format takes.</summary>
    public static VarlinkMethod<NameOutputsParameters, NameOutputsReply> NameOutputs { get; } =
        new(Name + ".NameOutputs", Json.Default.NameOutputsParameters, Json.Default.NameOutputsReply);

    /// <summary>Writes the image in another format; more.</summary>
    public static VarlinkMethod<ConvertParameters, ConvertReply> Convert { get; } =
        new(Name + ".Convert", Json.Default.ConvertParameters, Json.Default.ConvertReply);

    /// <summary>Saves the disk as a backup; more.</summary>
    public static VarlinkMethod<BackupParameters, BackupReply> Backup { get; } =
        new(Name + ".Backup", Json.Default.BackupParameters, Json.Default.BackupReply);

    /// <summary>What the manifest of a backup says.</summary>
    public static VarlinkMethod<ReadBackupParameters, ReadBackupReply> ReadBackup { get; } =
        new(Name + ".ReadBackup", Json.Default.ReadBackupParameters, Json.Default.ReadBackupReply);

    /// <summary>Writes the disk to another one; more.</summary>
    public static VarlinkMethod<RestoreParameters, RestoreReply> Restore { get; } =
        new(Name + ".Restore", Json.Default.RestoreParameters, Json.Default.RestoreReply);

    /// <summary>Looks for what is wrong; more.</summary>
    public static VarlinkMethod<VerifyParameters, VerifyReply> Verify { get; } =
        new(Name + ".Verify", Json.Default.VerifyParameters, Json.Default.VerifyReply);

    /// <summary>What the worker knows.</summary>
    public static VarlinkMethod<Nothing, FormatsReply> Formats { get; } =
        new(Name + ".Formats", Json.Default.Nothing, Json.Default.FormatsReply);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<VarlinkMethod> Methods { get; } =
    [
        Open, Plan, Serve, Handover, List, Cat, Copy, NameOutputs, Convert, Backup, ReadBackup, Restore, Verify,
        Formats,
    ];

    /// <summary>The interface in varlink's own language.</summary>
    public static string Description => InterfaceText.Read(Name);
}
