using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;
using Partition = Imaged.Formats.Model.Partition;
using PartitionTable = Imaged.Formats.Model.PartitionTable;

namespace Imaged.Worker.Run;

/// <summary>A disk, a partition or a new file that is to be written.</summary>
internal sealed class RestoreTarget : IDisposable
{
    private readonly SafeFileHandle _device;
    private readonly SafeFileHandle? _direct;

    /// <summary>Takes ownership of both descriptors.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="device">Opened for reading and writing.</param>
    /// <param name="direct">The same device for direct writes; null for none.</param>
    public RestoreTarget(string name, SafeFileHandle device, SafeFileHandle? direct)
    {
        Name = name;
        _device = device;
        _direct = direct;
        IsFile = HostPath.Identify(device).IsRegular;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Whether it is a file, which is made as long as it has to be.</summary>
    public bool IsFile { get; }

    /// <summary>What it holds, one phrase each; known after <see cref="Look"/>.</summary>
    public IReadOnlyList<string> Holds { get; private set; } = [];

    /// <summary>Where to write; known after <see cref="Look"/>.</summary>
    public DiskTarget Disk { get; private set; } = null!;

    /// <summary>Looks at it.</summary>
    /// <param name="length">Bytes to be written.</param>
    /// <param name="sectorSize">Sector size in bytes of the partition table; 0 when there is none.</param>
    /// <param name="force">Whether what it holds may be lost.</param>
    /// <returns>Why it is refused, without a full stop; null when it is not.</returns>
    public string? Look(long length, int sectorSize, bool force)
    {
        if (IsFile)
        {
            RandomAccess.SetLength(_device, length);
        }

        Disk = new(_device, _direct);
        if (Disk.Length < length)
        {
            return $"'{Name}' is too small: it has {Disk.Length} bytes, "
                + $"which is {length - Disk.Length} short of {length}";
        }

        if (IsFile)
        {
            return null;
        }

        int own = BlockDevice.GetSectorSize(_device);
        if (sectorSize != 0 && sectorSize != own)
        {
            return $"'{Name}' has sectors of {own} bytes, but the partition table is for sectors of {sectorSize}: "
                + "nothing would find its partitions";
        }

        try
        {
            Holds = WhatIsThere();
        }
        catch (IOException error)
        {
            return force
                ? null
                : $"'{Name}' cannot be read ({error.Message}), so what would be lost is not known; "
                    + "--force overwrites it";
        }

        return Holds.Count == 0 || force
            ? null
            : $"'{Name}' holds {string.Join(", ", Holds)}, which would be lost; --force overwrites it";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _device.Dispose();
        _direct?.Dispose();
    }

    private List<string> WhatIsThere()
    {
        using BlockSource disk = Disk.OpenRead();
        if (PartitionTables.Read(disk) is { Partitions.IsEmpty: false } table)
        {
            return
            [
                $"a partition table ({table.TypeId})",
                .. table.Partitions.Select(partition => Describe(disk, table, partition)).OfType<string>(),
            ];
        }

        ImmutableArray<VolumeInfo> found = FileSystems.Probe(disk);
        return [.. found.Select(Describe)];
    }

    private static string? Describe(BlockSource disk, PartitionTable table, Partition partition)
    {
        using SliceSource content =
            new(disk, partition.Offset, partition.Length, ownsInner: false, table.SectorSize);
        ImmutableArray<VolumeInfo> found = FileSystems.Probe(content);
        return found.IsEmpty ? null : $"in partition {partition.Number} {Describe(found[0])}";
    }

    private static string Describe(VolumeInfo info) =>
        $"a file system ({info.Version ?? info.FileSystem}{(info.Label is null ? string.Empty : $" '{info.Label}'")})";
}
