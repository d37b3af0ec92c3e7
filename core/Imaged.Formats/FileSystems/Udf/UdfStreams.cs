using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Udf;

/// <summary>Named streams (UDF 2.00, 3.3.5) as extended attributes <c>user.NAME</c>: those that fit into one.</summary>
internal static class UdfStreams
{
    private const string Prefix = UserAttributes.Prefix;
    private const int ReadChunk = 4096;

    // Position of the stream directory's ICB in an extended file entry.
    private const int StreamDirectoryOffset = 152;

    /// <summary>Names of the streams of a file.</summary>
    public static ImmutableArray<string> List(UdfVolume volume, in UdfIcb icb, ReadOnlySpan<byte> block)
    {
        ImmutableArray<string>.Builder names = ImmutableArray.CreateBuilder<string>();
        byte[] buffer = new byte[volume.BlockSize];
        foreach ((string name, UdfAddress address) in Enumerate(volume, icb, block))
        {
            if (volume.ReadIcb(address, buffer).Length <= UserAttributes.MaxLength)
            {
                names.Add(name);
            }
        }

        return names.ToImmutable();
    }

    /// <summary>Content of a stream; null when there is none of that name, or it is too long.</summary>
    public static byte[]? Read(UdfVolume volume, in UdfIcb icb, ReadOnlySpan<byte> block, string name)
    {
        foreach ((string found, UdfAddress address) in Enumerate(volume, icb, block))
        {
            if (found == name)
            {
                byte[] buffer = new byte[volume.BlockSize];
                UdfIcb stream = volume.ReadIcb(address, buffer);
                if (stream.Length > UserAttributes.MaxLength)
                {
                    return null;
                }

                using UdfFileSource content = new(volume, UdfAllocation.Read(volume, stream, buffer), metadata: false);
                return content.ReadBytes(0, (int)content.Length);
            }
        }

        return null;
    }

    private static List<(string Name, UdfAddress Address)> Enumerate(
        UdfVolume volume, in UdfIcb icb, ReadOnlySpan<byte> block)
    {
        List<(string Name, UdfAddress Address)> streams = [];
        if (BinaryPrimitives.ReadUInt16LittleEndian(block) != (ushort)UdfTagId.ExtendedFileEntry
            || icb.FileType == UdfFileType.StreamDirectory)
        {
            return streams;
        }

        UdfLongAd address = UdfLongAd.Parse(block[StreamDirectoryOffset..]);
        if (address.Length == 0)
        {
            return streams;
        }

        byte[] buffer = new byte[volume.BlockSize];
        UdfIcb directory = volume.ReadIcb(address.Address, buffer);
        if (directory.FileType is not (UdfFileType.StreamDirectory or UdfFileType.Directory)
            || directory.Length > volume.Source.Length)
        {
            volume.Throw(address.Address, $"file type {(int)directory.FileType} is not that of a stream directory");
        }

        using UdfFileSource content = new(volume, UdfAllocation.Read(volume, directory, buffer), metadata: true);
        using UdfDirectoryReader reader = new(volume, content, address.Address, ReadChunk);
        while (streams.Count < UserAttributes.MaxCount && reader.TryRead(out UdfName name))
        {
            if (name.IsFile && !name.IsMetadataStream && UdfText.ToFileName(name.Raw) is { Length: > 0 } text
                && text.Length <= UserAttributes.MaxNameLength - Prefix.Length)
            {
                streams.Add((Prefix + Encoding.UTF8.GetString(text), name.Icb.Address));
            }
        }

        return streams;
    }
}
