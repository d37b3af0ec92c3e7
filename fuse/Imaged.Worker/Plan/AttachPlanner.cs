using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Ipc.Contract;
using Imaged.Worker.Open;
using VolumeInfo = Imaged.Formats.Model.VolumeInfo;

namespace Imaged.Worker.Plan;

/// <summary>What is to be attached, as far as the planner needs to know.</summary>
/// <param name="Length">Length in bytes.</param>
/// <param name="SectorSize">Sector size in bytes.</param>
/// <param name="Run">Where the bytes lie unchanged in a host file; null when they do not.</param>
/// <param name="Partitions">Partitions to register; empty for none.</param>
/// <param name="FileSystem">The file system chosen, for a tree.</param>
internal sealed record PlanSubject(
    long Length, int SectorSize, HostRange? Run, IReadOnlyList<PlanPartition> Partitions, VolumeInfo? FileSystem);

/// <summary>Decides how to attach: the cheapest mechanism that the kernel has wins. A pure function.</summary>
internal static class AttachPlanner
{
    // The unit of the kernel's block layer; a loop device rounds its length down to it, and direct I/O wants the offset
    // to be a multiple of it.
    private const int Sector = 512;

    /// <summary>The plan.</summary>
    /// <param name="subject">What.</param>
    /// <param name="request">What for, what the kernel can do, and what the caller may have.</param>
    /// <exception cref="UnsupportedFeatureException">There is no way.</exception>
    public static AttachPlan Plan(PlanSubject subject, PlanRequest request) =>
        request.Purpose == PlanPurpose.Device ? PlanDevice(subject, request) : PlanTree(subject, request);

    /// <summary>Describes what was chosen of an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="purpose">A device is made of the disk or one partition, a tree of one file system.</param>
    public static PlanSubject Describe(OpenedImage image, PlanPurpose purpose)
    {
        if (purpose == PlanPurpose.Device)
        {
            BlockSource device = image.ChooseDevice();
            int sectorSize = image.PartitionTable?.SectorSize ?? device.SectorSize;
            PlanPartition[] partitions = device == image.Disk
                ? [.. (image.PartitionTable?.Partitions ?? []).Select(p =>
                    new PlanPartition { Number = p.Number, Offset = p.Offset, Size = p.Length })]
                : [];
            return new(device.Length, LoopSectorSize(sectorSize), VerbatimRun.Find(device), partitions, null);
        }

        ImageVolume volume = image.ChooseVolume();
        BlockSource content = volume.Content;
        VolumeInfo fileSystem = image.ChooseFileSystem(volume);
        return new(content.Length, LoopSectorSize(content.SectorSize), VerbatimRun.Find(content), [], fileSystem);
    }

    private static AttachPlan PlanDevice(PlanSubject subject, PlanRequest request)
    {
        bool direct = CanLoopDirectly(subject, out string why);
        if (direct && request.Via != AttachVia.Fuse)
        {
            return Loop(subject, PlanKind.DirectLoop, null, "the bytes lie in one run");
        }

        return request.Via == AttachVia.Loop
            ? throw new UnsupportedFeatureException("attach", $"a loop device straight on the file ({why})")
            : Loop(subject, PlanKind.FuseLoop, null, direct ? "asked for" : why);
    }

    private static AttachPlan PlanTree(PlanSubject subject, PlanRequest request)
    {
        VolumeInfo volume = subject.FileSystem!;
        bool driver = volume.KernelType is { } type && request.KernelTypes.Contains(type);
        bool kernel = driver && request.MayUseKernel;

        // Through FUSE the kernel gets the files, unless its driver is asked for: that then reads a served disk.
        if (kernel && (request.Via != AttachVia.Fuse || request.MustUseKernel))
        {
            return PlanKernel(subject, request, volume);
        }

        string why = driver switch
        {
            false => $"the kernel has no driver for {volume.KernelType ?? volume.FileSystem}",
            true when !request.MayUseKernel =>
                "the kernel's drivers are for root's images only, or files were asked for",
            _ => "asked for",
        };
        if (request.Via == AttachVia.Loop || request.MustUseKernel)
        {
            throw new UnsupportedFeatureException("mount", $"a kernel mount ({why})");
        }

        if (!OpenedImage.CanRead(volume.FileSystem))
        {
            throw new UnsupportedFeatureException(volume.FileSystem, $"reading its files ({why})");
        }

        return new AttachPlan
        {
            Kind = PlanKind.FuseTree,
            Size = subject.Length,
            SectorSize = subject.SectorSize,
            FileSystem = volume.FileSystem,
            Label = volume.Label,
            Reason = why,
        };
    }

    private static AttachPlan PlanKernel(PlanSubject subject, PlanRequest request, VolumeInfo volume)
    {
        bool direct = CanLoopDirectly(subject, out string why);
        if (!direct && request.Via == AttachVia.Loop)
        {
            throw new UnsupportedFeatureException("mount", $"a loop device straight on the file ({why})");
        }

        if (direct && request.Via != AttachVia.Fuse)
        {
            return Loop(
                subject, PlanKind.DirectLoop, volume, "the kernel has the driver, and the bytes lie in one run");
        }

        return Loop(
            subject, PlanKind.FuseLoop, volume, $"the kernel has the driver; {(direct ? "FUSE was asked for" : why)}");
    }

    private static AttachPlan Loop(PlanSubject subject, PlanKind kind, VolumeInfo? volume, string reason) =>
        new()
        {
            Kind = kind,
            Offset = kind == PlanKind.DirectLoop ? subject.Run!.Value.Offset : 0,
            Size = RoundUp(subject.Length, kind),
            SectorSize = subject.SectorSize,
            Partitions = subject.Partitions,
            KernelType = volume?.KernelType,
            FileSystem = volume?.FileSystem,
            Label = volume?.Label,
            Reason = reason,
        };

    private static bool CanLoopDirectly(PlanSubject subject, out string why)
    {
        why = subject switch
        {
            { Run: null } => "the bytes must be decoded or put together",
            _ when subject.Run.Value.Offset % Sector != 0 => "the bytes begin in the midst of a sector",
            _ when subject.Length % subject.SectorSize != 0 => "the length is no multiple of the sector size",
            _ => string.Empty,
        };
        return why.Length == 0;
    }

    // A loop device cuts a last part sector off; behind FUSE it is filled up with zeros.
    private static long RoundUp(long length, PlanKind kind) =>
        kind == PlanKind.FuseLoop ? (length + Sector - 1) / Sector * Sector : length;

    private static int LoopSectorSize(int sectorSize) => sectorSize is 1024 or 2048 or 4096 ? sectorSize : Sector;
}
