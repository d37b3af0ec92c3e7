using System.Buffers.Binary;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Ntfs;

/// <summary>A special file of Interix (Services for UNIX), as ntfs-3g makes them, too: a system file whose content says
/// what it is.</summary>
/// <param name="Type">Symbolic link or device.</param>
/// <param name="Target">Of a link, in UTF-8.</param>
/// <param name="Major">Major number of a device.</param>
/// <param name="Minor">Minor number of a device.</param>
internal sealed record InterixFile(FileType Type, byte[] Target, uint Major, uint Minor)
{
    /// <summary>Bytes that say what it is.</summary>
    public const int HeaderLength = 8;

    /// <summary>Longest target of a link in bytes.</summary>
    public const int MaxTarget = 4095;

    /// <summary>Longest content in bytes.</summary>
    public const int MaxLength = HeaderLength + (MaxTarget * 2);

    private const int DeviceLength = HeaderLength + 16;

    /// <summary>Parses the content; null when it is that of an ordinary file.</summary>
    public static InterixFile? TryParse(ReadOnlySpan<byte> content)
    {
        if (content.StartsWith("IntxLNK\u0001"u8) && content.Length % 2 == 0)
        {
            return new(FileType.SymbolicLink, FileNames.ToUtf8(content[HeaderLength..]), 0, 0);
        }

        FileType type = content.StartsWith("IntxCHR\0"u8) ? FileType.CharacterDevice
            : content.StartsWith("IntxBLK\0"u8) ? FileType.BlockDevice
            : FileType.Regular;
        return type == FileType.Regular || content.Length != DeviceLength
            ? null
            : new(
                type,
                [],
                BinaryPrimitives.ReadUInt32LittleEndian(content[HeaderLength..]),
                BinaryPrimitives.ReadUInt32LittleEndian(content[(HeaderLength + 8)..]));
    }
}
