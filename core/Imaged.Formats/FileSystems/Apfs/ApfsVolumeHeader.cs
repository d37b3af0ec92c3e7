using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Imaged.Formats.Model;
using Imaged.Formats.Signatures;

namespace Imaged.Formats.Apfs;

/// <summary>The superblock of a volume (Apple File System Reference, "Volumes").</summary>
/// <param name="Incompatible">Features without which it cannot be read.</param>
/// <param name="Flags">Whether it is encrypted, and how.</param>
/// <param name="Transaction">When it was written.</param>
/// <param name="ObjectMap">Block of its object map.</param>
/// <param name="Root">Id of the root of its files.</param>
/// <param name="RootKind">How that root is stored.</param>
/// <param name="AllocatedBlocks">Blocks that it takes.</param>
/// <param name="Nodes">Files, folders, links and others.</param>
/// <param name="Snapshots">Snapshots.</param>
/// <param name="Uuid">UUID; null when it is zero.</param>
/// <param name="Name">Its name.</param>
/// <param name="Role">What it is for.</param>
internal sealed record ApfsVolumeHeader(
    ulong Incompatible,
    ulong Flags,
    ulong Transaction,
    ulong ObjectMap,
    ulong Root,
    uint RootKind,
    ulong AllocatedBlocks,
    ulong Nodes,
    ulong Snapshots,
    string? Uuid,
    string Name,
    ushort Role)
{
    private const int Kind = 13;
    private const int NameLength = 256;
    private const ulong Unencrypted = 1;
    private const ulong CaseInsensitive = 1;
    private const ulong NormalizationInsensitive = 8;
    private const ulong Sealed = 0x20;

    // Besides those above: snapshots without data, a key that was changed.
    private const ulong KnownFeatures = CaseInsensitive | 2 | 4 | NormalizationInsensitive;
    private const uint StorageMask = 0xc000_0000;

    private static readonly string[] LowRoles = ["System", "User", "Recovery", "VM", "Preboot", "Installer"];

    private static readonly string[] HighRoles =
        ["Data", "Baseband", "Update", "xART", "Hardware", "Backup", "Reserved 7", "Reserved 8", "Enterprise",
            "Reserved 10", "Prelogin"];

    /// <summary>Whether the keys of names hold a hash.</summary>
    public bool HasHashedNames => (Incompatible & (CaseInsensitive | NormalizationInsensitive)) != 0;

    /// <summary>Whether the files are encrypted.</summary>
    public bool IsEncrypted => (Flags & Unencrypted) == 0;

    /// <summary>Whether its role is none, or that of a user's or the system's files.</summary>
    public bool IsForUsers => Role is 0 or 1 or 2 or 0x40;

    // Bits, then a number above them.
    private string? RoleName => Role switch
    {
        0 => null,
        < 0x40 => string.Join(' ', LowRoles.Where((_, bit) => (Role & (1 << bit)) != 0)),
        _ when (Role >> 6) <= HighRoles.Length => HighRoles[(Role >> 6) - 1],
        _ => string.Create(CultureInfo.InvariantCulture, $"role {Role:x}"),
    };

    /// <summary>Reads one.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public static ApfsVolumeHeader Parse(ReadOnlySpan<byte> raw)
    {
        if (ApfsBlocks.Kind(raw) != Kind || !raw[32..].StartsWith("APSB"u8))
        {
            ImageFormatException.Throw(ApfsFileSystem.Id, 0, "an object is no superblock of a volume");
        }

        ReadOnlySpan<byte> name = raw.Slice(704, NameLength);
        int end = name.IndexOf((byte)0);
        return new(
            UInt64(raw, 56),
            UInt64(raw, 264),
            ApfsBlocks.Transaction(raw),
            UInt64(raw, 128),
            UInt64(raw, 136),
            BinaryPrimitives.ReadUInt32LittleEndian(raw[116..]),
            UInt64(raw, 88),
            unchecked(UInt64(raw, 184) + UInt64(raw, 192) + UInt64(raw, 200) + UInt64(raw, 208)),
            UInt64(raw, 216),
            SignatureReader.Format(raw.Slice(240, 16)),
            Encoding.UTF8.GetString(end < 0 ? name : name[..end]),
            BinaryPrimitives.ReadUInt16LittleEndian(raw[964..]));
    }

    /// <summary>Refuses what cannot be read.</summary>
    /// <exception cref="UnsupportedFeatureException">Some of it.</exception>
    public void ThrowIfUnsupported()
    {
        string? feature = IsEncrypted ? "encryption (FileVault)"
            : (Incompatible & Sealed) != 0 ? "a sealed volume"
            : (Incompatible & ~KnownFeatures) is > 0 and ulong unknown
                ? string.Create(CultureInfo.InvariantCulture, $"a volume with features {unknown:x}")
            : (RootKind & StorageMask) != 0 ? "a volume whose files are not stored by way of its object map"
            : null;
        if (feature is not null)
        {
            throw new UnsupportedFeatureException(ApfsFileSystem.Id, feature);
        }
    }

    /// <summary>Name, role, and what is special, for people.</summary>
    public string Describe()
    {
        List<string> notes = [];
        if (RoleName is { } role)
        {
            notes.Add(role);
        }

        if (!HasHashedNames || (Incompatible & CaseInsensitive) == 0)
        {
            notes.Add("case-sensitive");
        }

        if (IsEncrypted)
        {
            notes.Add("encrypted");
        }

        if ((Incompatible & Sealed) != 0)
        {
            notes.Add("sealed");
        }

        if (Snapshots > 0)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{Snapshots} snapshots"));
        }

        return notes.Count == 0 ? Name : $"{Name} ({string.Join(", ", notes)})";
    }

    private static ulong UInt64(ReadOnlySpan<byte> raw, int offset) =>
        BinaryPrimitives.ReadUInt64LittleEndian(raw[offset..]);
}
