using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Ipc.Contract;
using Imaged.Worker.Plan;
using Xunit;
using VolumeInfo = Imaged.Formats.Model.VolumeInfo;

namespace Imaged.UnitTests.Worker;

public sealed class AttachPlannerTests
{
    private static readonly HostRange Aligned = new(0, 1 << 20);
    private static readonly HostRange Odd = new(0, 300);
    private static readonly VolumeInfo Ext4 = new("ext", 1 << 20) { KernelType = "ext4", Label = "root" };
    private static readonly VolumeInfo Iso = new("iso9660", 1 << 20) { KernelType = "iso9660" };
    private static readonly VolumeInfo Xfs = new("xfs", 1 << 20) { KernelType = "xfs" };

    public static TheoryData<string, string, PlanKind> Devices => new()
    {
        { "one aligned run", "auto", PlanKind.DirectLoop },
        { "one aligned run", "loop", PlanKind.DirectLoop },
        { "one aligned run", "fuse", PlanKind.FuseLoop },
        { "odd offset", "auto", PlanKind.FuseLoop },
        { "decoded", "auto", PlanKind.FuseLoop },
        { "odd length", "auto", PlanKind.FuseLoop },
    };

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_device_takes_the_cheapest_way(string subject, string via, PlanKind kind)
    {
        AttachPlan plan = AttachPlanner.Plan(Subject(subject), Device(via));
        Assert.Equal(kind, plan.Kind);
        Assert.Null(plan.KernelType);
        Assert.Equal(kind == PlanKind.DirectLoop ? Aligned.Offset : 0, plan.Offset);
        Assert.Equal(0, plan.Size % 512);
        Assert.True(plan.Size >= Subject(subject).Length);
    }

    [Theory]
    [InlineData("odd offset")]
    [InlineData("decoded")]
    [InlineData("odd length")]
    public void A_loop_device_on_the_file_is_refused_where_it_cannot_be(string subject) =>
        Assert.Throws<UnsupportedFeatureException>(() => AttachPlanner.Plan(Subject(subject), Device("loop")));

    [Fact]
    public void A_length_is_filled_up_to_a_sector_behind_FUSE()
    {
        AttachPlan plan = AttachPlanner.Plan(Subject("odd length"), Device("auto"));
        Assert.Equal(1536, plan.Size);
    }

    [Fact]
    public void Root_gets_the_kernel_s_driver_when_there_is_one()
    {
        AttachPlan plan = AttachPlanner.Plan(Tree(Ext4, Aligned), Tree("auto", mayUseKernel: true, "ext4"));
        Assert.Equal(PlanKind.DirectLoop, plan.Kind);
        Assert.Equal("ext4", plan.KernelType);
        Assert.Equal("root", plan.Label);
    }

    [Fact]
    public void A_decoded_volume_reaches_the_driver_through_FUSE() => Assert.Equal(
        PlanKind.FuseLoop, AttachPlanner.Plan(Tree(Ext4, null), Tree("auto", mayUseKernel: true, "ext4")).Kind);

    [Theory]
    [InlineData(true, "auto", "xfs")] // no driver for it
    [InlineData(false, "auto", "iso9660")] // not root
    [InlineData(true, "fuse", "iso9660")] // asked for
    public void Files_are_served_otherwise(bool mayUseKernel, string via, string driver)
    {
        AttachPlan plan = AttachPlanner.Plan(Tree(Iso, Aligned), Tree(via, mayUseKernel, driver));
        Assert.Equal(PlanKind.FuseTree, plan.Kind);
        Assert.Equal("iso9660", plan.FileSystem);
        Assert.Null(plan.KernelType);
    }

    [Fact]
    public void The_driver_on_a_served_disk_can_be_asked_for()
    {
        PlanRequest request = Tree("fuse", mayUseKernel: true, "ext4");
        request.MustUseKernel = true;
        AttachPlan plan = AttachPlanner.Plan(Tree(Ext4, Aligned), request);
        Assert.Equal(PlanKind.FuseLoop, plan.Kind);
        Assert.Equal("ext4", plan.KernelType);
    }

    [Theory]
    [InlineData(true, "ext4", "no driver for xfs")]
    [InlineData(false, "xfs", "root's images only")]
    public void What_neither_the_kernel_nor_imaged_reads_is_refused_with_the_reason(
        bool mayUseKernel, string driver, string reason)
    {
        UnsupportedFeatureException error = Assert.Throws<UnsupportedFeatureException>(() =>
            AttachPlanner.Plan(Tree(Xfs, Aligned), Tree("auto", mayUseKernel, driver)));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_in_pieces_is_one_run_when_they_follow_each_other()
    {
        using ConcatSource whole = new([new RunSource(0, 100, 50), new RunSource(0, 150, 30)], ownsParts: true);
        Assert.Equal(new HostRange(0, 100), VerbatimRun.Find(whole));
        using ConcatSource gap = new([new RunSource(0, 100, 50), new RunSource(0, 151, 30)], ownsParts: true);
        Assert.Null(VerbatimRun.Find(gap));
        using ConcatSource files = new([new RunSource(0, 100, 50), new RunSource(1, 150, 30)], ownsParts: true);
        Assert.Null(VerbatimRun.Find(files));
        using MemorySource decoded = new(new byte[80]);
        Assert.Null(VerbatimRun.Find(decoded));
    }

    private static PlanSubject Subject(string name) => name switch
    {
        "one aligned run" => new(4096, 512, Aligned, [], null),
        "odd offset" => new(4096, 512, Odd, [], null),
        "decoded" => new(4096, 512, null, [], null),
        "odd length" => new(1100, 512, Aligned, [], null),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    private static PlanSubject Tree(VolumeInfo volume, HostRange? run) => new(1 << 20, 512, run, [], volume);

    private static PlanRequest Device(string via) =>
        new() { Purpose = PlanPurpose.Device, Via = Enum.Parse<AttachVia>(via, ignoreCase: true) };

    private static PlanRequest Tree(string via, bool mayUseKernel, params string[] drivers) => new()
    {
        Purpose = PlanPurpose.Tree,
        Via = Enum.Parse<AttachVia>(via, ignoreCase: true),
        KernelTypes = drivers,
        MayUseKernel = mayUseKernel,
    };

    private sealed class RunSource(int file, long hostOffset, long length) : BlockSource
    {
        public override long Length => length;

        public override void Read(long offset, Span<byte> destination) => destination.Clear();

        public override Extent GetExtent(long offset) =>
            new(offset, length - offset, ExtentKind.Data, new HostRange(file, hostOffset + offset));
    }
}
