namespace Imaged.Formats.Fat;

/// <summary>Attributes of a directory entry.</summary>
[Flags]
internal enum FatAttributes : byte
{
    None = 0,
    ReadOnly = 0x01,
    Hidden = 0x02,
    System = 0x04,
    Label = 0x08,
    Directory = 0x10,
    Archive = 0x20,
}
