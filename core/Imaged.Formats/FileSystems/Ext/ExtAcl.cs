using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Ext;

/// <summary>Access control lists: on disk an entry without a qualifier is 4 bytes long (version 1), in the kernel's
/// attribute every entry has 8 (version 2).</summary>
internal static class ExtAcl
{
    private const uint DiskVersion = 1;
    private const uint KernelVersion = 2;
    private const int TagUser = 0x02;
    private const int TagGroup = 0x08;
    private const uint NoQualifier = uint.MaxValue;

    /// <summary>Converts a list from disk.</summary>
    public static byte[] ToKernel(ReadOnlySpan<byte> disk, long offset)
    {
        if (disk.Length < 4 || BinaryPrimitives.ReadUInt32LittleEndian(disk) != DiskVersion)
        {
            ImageFormatException.Throw(ExtFileSystem.Id, offset, "an access control list is not of version 1");
        }

        // Each entry of 4 bytes grows to 8 at most.
        byte[] kernel = new byte[4 + ((disk.Length - 4) * 2)];
        BinaryPrimitives.WriteUInt32LittleEndian(kernel, KernelVersion);
        int length = 4;
        for (ReadOnlySpan<byte> rest = disk[4..]; !rest.IsEmpty;)
        {
            int tag = rest.Length >= 4 ? BinaryPrimitives.ReadUInt16LittleEndian(rest) : 0;
            int entry = tag is TagUser or TagGroup ? 8 : 4;
            if (rest.Length < entry)
            {
                ImageFormatException.Throw(ExtFileSystem.Id, offset, "an access control list ends inside an entry");
            }

            rest[..4].CopyTo(kernel.AsSpan(length));
            uint qualifier = entry == 8 ? BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]) : NoQualifier;
            BinaryPrimitives.WriteUInt32LittleEndian(kernel.AsSpan(length + 4), qualifier);
            length += 8;
            rest = rest[entry..];
        }

        return kernel[..length];
    }
}
