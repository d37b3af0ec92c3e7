using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Signatures;

/// <summary>Bytes that tell a file system.</summary>
internal sealed class Magic
{
    private readonly byte[] _bytes;

    /// <param name="origin">Byte offset of the superblock in the volume.</param>
    /// <param name="offset">Offset of the magic number in the superblock.</param>
    /// <param name="bytes">The magic number, at most 32 bytes.</param>
    public Magic(long origin, int offset, ReadOnlySpan<byte> bytes)
    {
        Origin = origin;
        Offset = offset;
        _bytes = bytes.ToArray();
    }

    public long Origin { get; }

    public int Offset { get; }

    public ReadOnlySpan<byte> Bytes => _bytes;
}

/// <summary>A file system or volume that is recognised but not read: one row of the table in
/// <see cref="VolumeSignatures"/>. The id is the type that <c>blkid</c> prints.</summary>
/// <param name="Id">Type.</param>
/// <param name="Title">For people.</param>
/// <param name="KernelType">The kernel's driver; null for none.</param>
internal sealed record VolumeSignature(string Id, string Title, string? KernelType)
{
    /// <summary>Any of them will do; the first that is found gives the origin of the fields.</summary>
    public ImmutableArray<Magic> Magics { get; init; } = [];

    /// <summary>What else must hold.</summary>
    public Func<SignatureReader, bool>? Check { get; init; }

    public Func<SignatureReader, string?>? Label { get; init; }

    public Func<SignatureReader, string?>? Uuid { get; init; }

    public Func<SignatureReader, string?>? Version { get; init; }

    /// <summary>Length in bytes as the volume says; where it does not say it is that of the source.</summary>
    public Func<SignatureReader, long>? Length { get; init; }

    /// <summary>Finds the superblock where a fixed place does not do; returns its origin, or -1.</summary>
    public Func<BlockSource, long>? Find { get; init; }

    public FileSystemEntry ToEntry() => new(
        new Model.FileSystemInfo(Id, Title, CanRead: false),
        Probe,
        (_, _) => throw new UnsupportedFeatureException(Id, "reading it without the kernel"));

    public VolumeInfo? Probe(BlockSource volume)
    {
        foreach (Magic magic in Magics)
        {
            SignatureReader reader = new(volume, magic.Origin);
            if (reader.Has(magic.Offset, magic.Bytes) && (Check is null || Check(reader)))
            {
                return Describe(reader);
            }
        }

        return Find is not null && Find(volume) is >= 0 and long origin ? Describe(new(volume, origin)) : null;
    }

    private VolumeInfo Describe(SignatureReader reader) => new(Id, Length?.Invoke(reader) ?? reader.Volume.Length)
    {
        Version = Version?.Invoke(reader),
        Label = Label?.Invoke(reader),
        Uuid = Uuid?.Invoke(reader),
        KernelType = KernelType,
    };
}
