namespace Imaged.Formats.Images.Ewf;

/// <summary>The sections of version 2 that matter here.</summary>
internal enum Ewf2SectionType
{
    /// <summary>The device: its size.</summary>
    Device = 1,

    /// <summary>The case: what was noted, the size of chunks.</summary>
    Case = 2,

    /// <summary>Where chunks stand.</summary>
    Table = 4,

    /// <summary>The MD5 digest of the disk.</summary>
    Md5 = 8,

    /// <summary>The SHA-1 digest of the disk.</summary>
    Sha1 = 9,

    /// <summary>Keys of an encrypted image.</summary>
    Keys = 0xb,

    /// <summary>The image goes on in another file.</summary>
    Next = 0xd,

    /// <summary>The image ends.</summary>
    Done = 0xf,
}
