using System.Buffers.Binary;
using System.Text;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Pqi;

/// <summary>What an image of Drive Image 2 or 3 says of the partition in it.</summary>
/// <param name="Type">Its type, as in an MBR.</param>
/// <param name="FileSystem">Name of its file system.</param>
/// <param name="Name">Its label; empty when it has none.</param>
/// <param name="PasswordCheck">Check value of the password; 0 when there is none.</param>
internal sealed record PqiPartition(byte Type, string FileSystem, string Name, uint PasswordCheck)
{
    private const int TypeOffset = 0x810;
    private const int ClassOffset = 0x814;
    private const int PasswordOffset = 0x85C;
    private const int NameOffset = 0x870;
    private const int MaxNameLength = 32;

    // What the check value is combined with: D2 84 35 7C.
    private const uint PasswordMask = 0x7C3584D2;

    /// <summary>What is told about it.</summary>
    public IEnumerable<KeyValuePair<string, string>> Details
    {
        get
        {
            yield return new("Partition type", $"0x{Type:x2} {FileSystem}");
            if (Name.Length > 0)
            {
                yield return new("Partition name", Name);
            }

            if (PasswordCheck != 0)
            {
                yield return new("Password", "set");
            }
        }
    }

    /// <summary>Reads it.</summary>
    /// <param name="head">The first bytes of the file.</param>
    /// <returns>Null when the file ends before it.</returns>
    public static PqiPartition? Parse(ReadOnlySpan<byte> head)
    {
        if (head.Length < NameOffset + MaxNameLength)
        {
            return null;
        }

        ReadOnlySpan<byte> name = head.Slice(NameOffset, MaxNameLength);
        int end = name.IndexOf((byte)0);
        byte type = head[TypeOffset];
        return new(
            type,
            FileSystemOf(head[ClassOffset], type),
            Encoding.Latin1.GetString(end < 0 ? name : name[..end]),
            BinaryPrimitives.ReadUInt32LittleEndian(head[PasswordOffset..]));
    }

    /// <summary>Throws unless the password that the user gave is the one of the image, or the image has none. It only
    /// locks the program, and encrypts nothing: the check value is the sum of its 32-bit numbers.</summary>
    /// <exception cref="PasswordException">It is wrong or missing.</exception>
    public void CheckPassword(ImageOpener opener)
    {
        if (PasswordCheck == 0)
        {
            return;
        }

        ReadOnlySpan<byte> password = opener.RequirePassword(PqiFormat.Info.Id);
        uint sum = 0;
        Span<byte> number = stackalloc byte[sizeof(uint)];
        for (; !password.IsEmpty; password = password[Math.Min(number.Length, password.Length)..])
        {
            number.Clear();
            password[..Math.Min(number.Length, password.Length)].CopyTo(number);
            sum = unchecked(sum + BinaryPrimitives.ReadUInt32LittleEndian(number));
        }

        if (sum != (PasswordCheck ^ PasswordMask))
        {
            throw new PasswordException(PqiFormat.Info.Id, isMissing: false);
        }
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"a partition of type 0x{Type:x2} ({FileSystem}{(Name.Length > 0 ? $", '{Name}'" : string.Empty)})";

    private static string FileSystemOf(byte number, byte type) => number switch
    {
        1 => type is 0x0B or 0x0C or 0x1B or 0x1C ? "FAT32" : "FAT",
        2 => "Xenix",
        3 => "free",
        4 => "NTFS",
        5 => "extended",
        6 => "EPBR",
        7 => "HPFS",
        9 => "Linux",
        0x0A => "OS/2 Boot Manager",
        0x0B => "Linux or Minix",
        0x0E => "flexible",
        0x0F => "NetWare",
        0x10 => "unformatted",
        _ => $"class {number}",
    };
}
