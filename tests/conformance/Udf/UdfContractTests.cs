using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Udf;

/// <summary>The contract on a disk with blocks of 512 bytes.</summary>
public class UdfDiskContractTests : FileTreeContract
{
    /// <inheritdoc/>
    protected override BlockSource OpenVolume() => UdfSample.Open("hd512-2.01");

    /// <inheritdoc/>
    protected override FileTree OpenTree(BlockSource volume) => UdfSample.OpenTree(volume);
}

/// <summary>The contract on file entries of 1.02 with long descriptors.</summary>
public class UdfDvdRamContractTests : FileTreeContract
{
    /// <inheritdoc/>
    protected override BlockSource OpenVolume() => UdfSample.Open("dvdram-1.02");

    /// <inheritdoc/>
    protected override FileTree OpenTree(BlockSource volume) => UdfSample.OpenTree(volume);
}

/// <summary>The contract on a sparable partition.</summary>
public class UdfSparableContractTests : FileTreeContract
{
    /// <inheritdoc/>
    protected override BlockSource OpenVolume() => UdfSample.Open("cdrw-1.50");

    /// <inheritdoc/>
    protected override FileTree OpenTree(BlockSource volume) => UdfSample.OpenTree(volume);
}

/// <summary>The contract on replaced packets.</summary>
public class UdfSparedContractTests : FileTreeContract
{
    /// <inheritdoc/>
    protected override BlockSource OpenVolume() => UdfSample.Open("spared-1.50");

    /// <inheritdoc/>
    protected override FileTree OpenTree(BlockSource volume) => UdfSample.OpenTree(volume);
}

/// <summary>The contract on a virtual partition.</summary>
public class UdfVirtualContractTests : FileTreeContract
{
    /// <inheritdoc/>
    protected override BlockSource OpenVolume() => UdfSample.Open("vat-2.01");

    /// <inheritdoc/>
    protected override FileTree OpenTree(BlockSource volume) => UdfSample.OpenTree(volume);
}

/// <summary>The contract on a metadata partition.</summary>
public class UdfMetadataContractTests : FileTreeContract
{
    /// <inheritdoc/>
    protected override BlockSource OpenVolume() => UdfSample.Open("metadata-2.50");

    /// <inheritdoc/>
    protected override FileTree OpenTree(BlockSource volume) => UdfSample.OpenTree(volume);
}
