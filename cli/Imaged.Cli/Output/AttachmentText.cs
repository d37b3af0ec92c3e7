using System.Globalization;
using System.Text;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Output;

/// <summary>Attachments for people.</summary>
internal static class AttachmentText
{
    /// <summary>How an attachment is made.</summary>
    public static string Explain(Attachment attachment)
    {
        string how = attachment.Kind switch
        {
            PlanKind.DirectLoop => "a loop device straight on the image",
            PlanKind.FuseLoop => "a loop device on a file that a worker decodes",
            PlanKind.FuseTree => "files that a worker reads",
            _ => attachment.Kind.ToString(),
        };
        string fileSystem = attachment.FileSystem is null ? string.Empty : $", file system {attachment.FileSystem}";
        string partitions = attachment.Partitions.Count == 0
            ? string.Empty
            : $", partitions {string.Join(' ', attachment.Partitions)}";
        return $"{attachment.Id}: {how}{fileSystem}{partitions}";
    }

    /// <summary>A table of all.</summary>
    public static StringBuilder Table(IReadOnlyList<Attachment> attachments)
    {
        TextTable table = new("ID", "DEVICE", "MOUNTED ON", "TYPE", ">SIZE", "STATE", "IMAGE");
        foreach (Attachment attachment in attachments)
        {
            table.Add(
                SafeText.Sentence(attachment.Id),
                SafeText.Sentence(attachment.Device ?? string.Empty),
                SafeText.Name(attachment.MountPoint ?? string.Empty),
                SafeText.Sentence(attachment.FileSystem ?? string.Empty),
                HumanSize.Of(attachment.Size),
                State(attachment),
                SafeText.Name(attachment.Image));
        }

        StringBuilder text = new();
        if (!table.IsEmpty)
        {
            table.Write(text);
        }

        return text;
    }

    private static string State(Attachment attachment)
    {
        string state = attachment.State switch
        {
            AttachmentState.Active => attachment.ReadOnly ? "read-only" : "read-write",
            AttachmentState.Recovering => "recovering",
            AttachmentState.Failed => "FAILED",
            _ => attachment.State.ToString(),
        };
        return attachment.Restarts == 0
            ? state
            : string.Create(CultureInfo.InvariantCulture, $"{state}, {attachment.Restarts} restarts");
    }
}
