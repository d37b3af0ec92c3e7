namespace Imaged.Formats.Shared;

/// <summary>What files are shown with whose file system knows no permissions of POSIX: 0755, as the kernel's FAT driver
/// has it, and without the write bits for read-only files (of directories the attribute only tells Windows that they
/// look special).</summary>
internal static class DosPermissions
{
    public const ushort All = 0x1ed;
    private const ushort ReadOnly = 0x16d;

    /// <summary>Permissions of a file or directory with these attributes.</summary>
    public static ushort Of(DosAttributes attributes, bool isDirectory) =>
        !isDirectory && (attributes & DosAttributes.ReadOnly) != 0 ? ReadOnly : All;
}
