using System.Buffers.Binary;
using System.Collections.Immutable;
using Imaged.Formats.Model;

namespace Imaged.Formats.Ntfs;

/// <summary>A record of the MFT: a file, or more attributes of one that do not fit into its own record.</summary>
internal sealed class NtfsRecord
{
    private const int HeaderLength = 42;
    private const int MinAttributeLength = 8;
    private const ushort InUse = 1;
    private const ushort DirectoryFlag = 2;

    private readonly byte[] _bytes;

    private NtfsRecord(byte[] bytes, ulong number, ImmutableArray<NtfsAttribute> attributes)
    {
        _bytes = bytes;
        Number = number;
        Attributes = attributes;
    }

    /// <summary>Number of the record in the MFT.</summary>
    public ulong Number { get; }

    public ImmutableArray<NtfsAttribute> Attributes { get; }

    /// <summary>How many times the record was used: tells a reference to the file from those to earlier ones.</summary>
    public int Sequence => UInt16(16);

    public bool IsInUse => (UInt16(22) & InUse) != 0;

    public bool IsDirectory => (UInt16(22) & DirectoryFlag) != 0;

    /// <summary>The file that the attributes belong to; 0 when the record is that of the file.</summary>
    public NtfsReference Base => new(BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(32)));

    /// <summary>What a directory says to mean this file.</summary>
    public NtfsReference Reference => NtfsReference.Of(Number, Sequence);

    /// <summary>Checks a record and takes it apart.</summary>
    /// <param name="bytes">As they stand in the volume; put right in place.</param>
    /// <param name="number">Of the record.</param>
    /// <param name="offset">Byte offset that errors name.</param>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public static NtfsRecord Parse(byte[] bytes, ulong number, long offset)
    {
        if (!bytes.AsSpan().StartsWith("FILE"u8) || !NtfsFixup.Apply(bytes))
        {
            ImageFormatException.Throw(NtfsFileSystem.Id, offset, $"record {number} of the MFT is damaged");
        }

        ImmutableArray<NtfsAttribute>.Builder attributes = ImmutableArray.CreateBuilder<NtfsAttribute>();
        int at = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(20));
        int end = (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(24)), (uint)bytes.Length);
        if (at < HeaderLength)
        {
            ImageFormatException.Throw(NtfsFileSystem.Id, offset, $"attributes of record {number} begin at {at}");
        }

        while (at <= end - MinAttributeLength
            && BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at)) != (uint)NtfsAttributeType.End)
        {
            if (NtfsAttribute.TryParse(bytes, at, out int length) is not { } attribute)
            {
                ImageFormatException.Throw(
                    NtfsFileSystem.Id, offset + at, $"record {number} of the MFT has a damaged attribute");
                break;
            }

            attributes.Add(attribute);
            at += length;
        }

        return new(bytes, number, attributes.ToImmutable());
    }

    private int UInt16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(offset));
}
