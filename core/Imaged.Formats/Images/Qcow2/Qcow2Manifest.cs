using System.Buffers.Binary;
using System.Collections.Immutable;
using Imaged.Blocks;

namespace Imaged.Formats.Images.Qcow2;

/// <summary>Where the manifest of a backup stands in a qcow2 image (docs/backup-format.md, "Container").</summary>
/// <param name="Offset">Byte offset in the file.</param>
/// <param name="Length">Length in bytes, 1 to <see cref="MaxLength"/>.</param>
/// <param name="Sha256">SHA-256 of its bytes.</param>
/// <param name="Content">Digest of the whole disk.</param>
/// <param name="Parent">Digest of the whole disk of the backing file; empty when there is none.</param>
public sealed record Qcow2Manifest(
    long Offset,
    int Length,
    ImmutableArray<byte> Sha256,
    ImmutableArray<byte> Content,
    ImmutableArray<byte> Parent)
{
    /// <summary>Longest manifest that is read, in bytes.</summary>
    public const int MaxLength = 64 << 20;

    /// <summary>The header extension that tells it.</summary>
    internal const uint ExtensionType = 0x494D4742;

    /// <summary>Autoclear feature 63.</summary>
    internal const ulong AutoclearFeature = 1UL << 63;

    private const int DigestLength = 32;
    private const int DigestsAt = 24;
    private const int ExtensionLength = DigestsAt + (3 * DigestLength);
    private const int AutoclearAt = 88;

    /// <summary>Finds the manifest of an image.</summary>
    /// <param name="file">The image file.</param>
    /// <returns>Null when it is no qcow2 image or has none, or when something that does not know of it has written to
    /// the image.</returns>
    /// <exception cref="Model.ImageFormatException">The header is damaged, or tells of a manifest where none can
    /// be.</exception>
    public static Qcow2Manifest? Find(BlockSource file)
    {
        // Other images are not looked at any further: what is wrong with them is not for here.
        Span<byte> start = stackalloc byte[AutoclearAt + sizeof(ulong)];
        if (file.ReadUpTo(0, start) < start.Length
            || !Qcow2Format.HasMagic(start)
            || BinaryPrimitives.ReadUInt32BigEndian(start[4..]) < 3
            || (BinaryPrimitives.ReadUInt64BigEndian(start[AutoclearAt..]) & AutoclearFeature) == 0)
        {
            return null;
        }

        if (Qcow2Extensions.Parse(file, Qcow2Header.Parse(file)).Manifest is not { } extension)
        {
            return null;
        }

        return Parse(extension, file.Length);
    }

    /// <summary>Throws when a file is not the backup that this one stands on.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">Its name.</param>
    /// <exception cref="Model.ImageFormatException">It is another one, or none.</exception>
    internal void CheckParent(BlockSource file, string name)
    {
        if (!Parent.IsEmpty && Find(file) is var found && found?.Content.SequenceEqual(Parent) != true)
        {
            Qcow2Format.Throw(8, found is null
                ? $"the backup stands on '{name}', which is no backup any more: it was written to, or replaced"
                : $"the backup does not stand on '{name}', which is another backup under the name of the right one");
        }
    }

    /// <summary>The bytes of the header extension.</summary>
    internal byte[] ToExtension()
    {
        byte[] extension = new byte[ExtensionLength];
        BinaryPrimitives.WriteUInt32BigEndian(extension, 1);
        BinaryPrimitives.WriteInt64BigEndian(extension.AsSpan(8), Offset);
        BinaryPrimitives.WriteInt64BigEndian(extension.AsSpan(16), Length);
        Sha256.CopyTo(extension, DigestsAt);
        Content.CopyTo(extension, DigestsAt + DigestLength);
        Parent.CopyTo(extension, DigestsAt + (2 * DigestLength));
        return extension;
    }

    private static Qcow2Manifest Parse(byte[] extension, long fileLength)
    {
        if (extension.Length < ExtensionLength)
        {
            Qcow2Format.Throw(0, $"the extension of the manifest has {extension.Length} bytes");
        }

        uint version = BinaryPrimitives.ReadUInt32BigEndian(extension);
        if (version != 1)
        {
            throw new Model.UnsupportedFeatureException(Qcow2Format.Info.Id, $"version {version} of a backup");
        }

        ulong offset = BinaryPrimitives.ReadUInt64BigEndian(extension.AsSpan(8));
        ulong length = BinaryPrimitives.ReadUInt64BigEndian(extension.AsSpan(16));
        if (length is 0 or > MaxLength || offset > (ulong)fileLength || length > (ulong)fileLength - offset)
        {
            Qcow2Format.Throw(0, $"the manifest of {length} bytes at {offset} is not inside the file");
        }

        ReadOnlySpan<byte> parent = extension.AsSpan(DigestsAt + (2 * DigestLength), DigestLength);
        return new(
            (long)offset,
            (int)length,
            [.. extension.AsSpan(DigestsAt, DigestLength)],
            [.. extension.AsSpan(DigestsAt + DigestLength, DigestLength)],
            parent.ContainsAnyExcept((byte)0) ? [.. parent] : []);
    }
}
