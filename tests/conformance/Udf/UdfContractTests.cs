using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Udf;

/// <summary>The contract on an image of <c>tests/samples/udf</c>.</summary>
/// <param name="name">Its name without extensions.</param>
public abstract class UdfContractTests(string name) : FileTreeContract
{
    protected override BlockSource OpenVolume() => UdfSample.Open(name);

    protected override FileTree OpenTree(BlockSource volume) => UdfSample.OpenTree(volume);
}

/// <summary>The contract on a disk with blocks of 512 bytes.</summary>
public sealed class UdfDiskContractTests() : UdfContractTests("hd512-2.01");

/// <summary>The contract on file entries of 1.02 with long descriptors.</summary>
public sealed class UdfDvdRamContractTests() : UdfContractTests("dvdram-1.02");

/// <summary>The contract on a sparable partition.</summary>
public sealed class UdfSparableContractTests() : UdfContractTests("cdrw-1.50");

/// <summary>The contract on replaced packets.</summary>
public sealed class UdfSparedContractTests() : UdfContractTests("spared-1.50");

/// <summary>The contract on a virtual partition.</summary>
public sealed class UdfVirtualContractTests() : UdfContractTests("vat-2.01");

/// <summary>The contract on a metadata partition.</summary>
public sealed class UdfMetadataContractTests() : UdfContractTests("metadata-2.50");
