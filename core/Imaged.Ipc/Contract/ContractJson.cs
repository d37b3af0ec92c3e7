using System.Text.Json.Serialization;

namespace Imaged.Ipc.Contract;

/// <summary>Generated code that reads and writes the contract: unknown members are ignored, missing ones keep their
/// defaults, null is refused where the contract does not allow it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false,
    MaxDepth = 32)]
[JsonSerializable(typeof(OpenParameters))]
[JsonSerializable(typeof(OpenReply))]
[JsonSerializable(typeof(PlanParameters))]
[JsonSerializable(typeof(PlanReply))]
[JsonSerializable(typeof(ServeParameters))]
[JsonSerializable(typeof(HandoverReply))]
[JsonSerializable(typeof(ListParameters))]
[JsonSerializable(typeof(ListReply))]
[JsonSerializable(typeof(CatParameters))]
[JsonSerializable(typeof(CatReply))]
[JsonSerializable(typeof(CopyParameters))]
[JsonSerializable(typeof(CopyReply))]
[JsonSerializable(typeof(NameOutputsParameters))]
[JsonSerializable(typeof(NameOutputsReply))]
[JsonSerializable(typeof(ConvertParameters))]
[JsonSerializable(typeof(ConvertReply))]
[JsonSerializable(typeof(BackupParameters))]
[JsonSerializable(typeof(BackupReply))]
[JsonSerializable(typeof(BackupSummary))]
[JsonSerializable(typeof(RestoreParameters))]
[JsonSerializable(typeof(ReadBackupParameters))]
[JsonSerializable(typeof(ReadBackupReply))]
[JsonSerializable(typeof(BackupListing))]
[JsonSerializable(typeof(ScheduleListing))]
[JsonSerializable(typeof(BackupRunHistory))]
[JsonSerializable(typeof(JobListing))]
[JsonSerializable(typeof(JobRecord))]
[JsonSerializable(typeof(JobProgress))]
[JsonSerializable(typeof(RestoreReply))]
[JsonSerializable(typeof(RestoreSummary))]
[JsonSerializable(typeof(VerifyParameters))]
[JsonSerializable(typeof(VerifyReply))]
[JsonSerializable(typeof(FormatsReply))]
[JsonSerializable(typeof(AttachParameters))]
[JsonSerializable(typeof(MountParameters))]
[JsonSerializable(typeof(DetachParameters))]
[JsonSerializable(typeof(UnmountParameters))]
[JsonSerializable(typeof(AttachmentReply))]
[JsonSerializable(typeof(AttachmentsReply))]
[JsonSerializable(typeof(FindingsReply))]
[JsonSerializable(typeof(MonitorReply))]
[JsonSerializable(typeof(MetricsReply))]
[JsonSerializable(typeof(AutomountParameters))]
[JsonSerializable(typeof(AutomountReply))]
[JsonSerializable(typeof(ServiceInfo))]
[JsonSerializable(typeof(DescriptionParameters))]
[JsonSerializable(typeof(DescriptionReply))]
[JsonSerializable(typeof(ErrorParameters))]
[JsonSerializable(typeof(Nothing))]
public sealed partial class ContractJson : JsonSerializerContext;
