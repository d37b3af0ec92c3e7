using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Daemon.Attachments;

/// <summary>Checks what a worker proposes: it has read hostile bytes, and this process has root's rights.</summary>
internal static class PlanCheck
{
    private const int Sector = 512;
    private const int MaxPartitions = 256;
    private const int MaxLabel = 1024;

    /// <summary>Throws unless the plan can be carried out safely.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="file">The host file that came with it.</param>
    /// <param name="purpose">What was asked for.</param>
    /// <exception cref="ImagedException">It cannot.</exception>
    public static void Check(AttachPlan plan, SafeFileHandle? file, PlanPurpose purpose)
    {
        Require(plan.Size > 0, "its size is not above 0");
        Require(plan.SectorSize is 512 or 1024 or 2048 or 4096, "its sector size is no sector size");
        Require((plan.Label?.Length ?? 0) <= MaxLabel, "its label is too long");
        Require(
            plan.KernelType is null || KernelDrivers.IsKnown(plan.KernelType), "it names a driver that is not allowed");
        bool mounts = plan.KernelType is not null || plan.Kind == PlanKind.FuseTree;
        Require(mounts == (purpose == PlanPurpose.Tree), "it is not for what was asked");
        if (plan.Kind == PlanKind.DirectLoop)
        {
            Require(file is not null, "it names no file");
            CheckRange(plan, file!);
        }

        if (plan.Kind != PlanKind.FuseTree)
        {
            Require(plan.Size % Sector == 0, "its size is no multiple of 512");
            CheckPartitions(plan);
        }
    }

    private static void CheckRange(AttachPlan plan, SafeFileHandle file)
    {
        FileIdentity identity = HostPath.Identify(file);
        Require(identity.IsRegular || identity.IsBlockDevice, "its file is neither a regular file nor a block device");
        Require(HostPath.IsReadable(file), "its file is not open for reading");
        long length = identity.IsRegular ? identity.Size : BlockDevice.GetLength(file);
        Require(plan.Offset >= 0 && plan.Offset % Sector == 0, "its offset is no multiple of 512");
        Require(plan.Size <= length && plan.Offset <= length - plan.Size, "its range is not inside the file");
    }

    private static void CheckPartitions(AttachPlan plan)
    {
        Require(plan.Partitions.Count <= MaxPartitions, "it has too many partitions");
        HashSet<int> numbers = [];
        foreach (PlanPartition partition in plan.Partitions)
        {
            Require(
                partition.Number is > 0 and < 256 && numbers.Add(partition.Number), "a partition has a wrong number");
            bool inside = partition.Offset >= 0 && partition.Size > 0
                && partition.Size <= plan.Size && partition.Offset <= plan.Size - partition.Size;
            Require(inside, "a partition is not inside the disk");
        }
    }

    private static void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw new ImagedException(ErrorKind.Failed, $"the worker's plan was refused: {what}");
        }
    }
}
