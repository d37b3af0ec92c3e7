using Imaged.Daemon.Attachments;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Imaged.TestKit;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Imaged.UnitTests.Daemon;

public sealed class PlanCheckTests
{
    public static TheoryData<string, AttachPlan, PlanPurpose> Refused => new()
    {
        { "no size", Direct(plan => plan.Size = 0), PlanPurpose.Device },
        { "negative size", Direct(plan => plan.Size = -512), PlanPurpose.Device },
        { "behind the file", Direct(plan => plan.Offset = 65536 - 512), PlanPurpose.Device },
        { "overflow", Direct(plan => plan.Offset = long.MaxValue - 511), PlanPurpose.Device },
        { "negative offset", Direct(plan => plan.Offset = -512), PlanPurpose.Device },
        { "odd offset", Direct(plan => plan.Offset = 100), PlanPurpose.Device },
        { "odd size", Direct(plan => plan.Size = 1000), PlanPurpose.Device },
        { "sector size", Direct(plan => plan.SectorSize = 513), PlanPurpose.Device },
        { "a tree for a device", Direct(plan => plan.KernelType = "ext4"), PlanPurpose.Device },
        { "a device for a tree", Direct(_ => { }), PlanPurpose.Tree },
        { "a driver of its own choice", Direct(plan => plan.KernelType = "proc"), PlanPurpose.Tree },
        { "a long label", Direct(plan => plan.Label = new string('x', 2000)), PlanPurpose.Device },
        { "partition 0", Direct(plan => plan.Partitions = [Partition(0, 0, 512)]), PlanPurpose.Device },
        { "partition 256", Direct(plan => plan.Partitions = [Partition(256, 0, 512)]), PlanPurpose.Device },
        {
            "a partition twice",
            Direct(plan => plan.Partitions = [Partition(1, 0, 512), Partition(1, 512, 512)]),
            PlanPurpose.Device
        },
        { "a partition outside", Direct(plan => plan.Partitions = [Partition(1, 4096, 512)]), PlanPurpose.Device },
        {
            "an overflowing partition",
            Direct(plan => plan.Partitions = [Partition(1, long.MaxValue, 512)]),
            PlanPurpose.Device
        },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_plan_that_reaches_out_is_refused(string what, AttachPlan plan, PlanPurpose purpose)
    {
        using TemporaryFolder folder = new();
        using SafeFileHandle file = CreateFile(folder);
        ImagedException error = Assert.Throws<ImagedException>(() => PlanCheck.Check(plan, file, purpose));
        Assert.StartsWith("the worker's plan was refused", error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(what);
    }

    [Fact]
    public void A_plan_inside_its_file_is_accepted()
    {
        using TemporaryFolder folder = new();
        using SafeFileHandle file = CreateFile(folder);
        PlanCheck.Check(Direct(plan => plan.Partitions = [Partition(1, 512, 512)]), file, PlanPurpose.Device);
        PlanCheck.Check(Direct(plan => plan.KernelType = "ext4"), file, PlanPurpose.Tree);
    }

    [Fact]
    public void A_file_that_is_none_or_cannot_be_read_is_refused()
    {
        using TemporaryFolder folder = new();
        Assert.Throws<ImagedException>(() => PlanCheck.Check(Direct(_ => { }), null, PlanPurpose.Device));
        using SafeFileHandle directory = HostPath.OpenDirectory(folder.Path);
        Assert.Throws<ImagedException>(() => PlanCheck.Check(Direct(_ => { }), directory, PlanPurpose.Device));
        CreateFile(folder).Dispose();
        using SafeFileHandle named = HostPath.OpenPath(folder["disk"]);
        Assert.Throws<ImagedException>(() => PlanCheck.Check(Direct(_ => { }), named, PlanPurpose.Device));
    }

    private static AttachPlan Direct(Action<AttachPlan> change)
    {
        AttachPlan plan = new() { Kind = PlanKind.DirectLoop, Offset = 512, Size = 4096, SectorSize = 512 };
        change(plan);
        return plan;
    }

    private static PlanPartition Partition(int number, long offset, long size) =>
        new() { Number = number, Offset = offset, Size = size };

    private static SafeFileHandle CreateFile(TemporaryFolder folder)
    {
        File.WriteAllBytes(folder["disk"], new byte[65536]);
        return HostPath.OpenRead(folder["disk"]);
    }
}
