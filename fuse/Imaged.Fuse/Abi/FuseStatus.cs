namespace Imaged.Fuse.Abi;

/// <summary>How a request ended: 0, or an error number as in <c>errno(3)</c>.</summary>
public enum FuseStatus
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>ENOENT: no such node.</summary>
    NoEntry = 2,

    /// <summary>EIO: the image is damaged or the host cannot read it.</summary>
    InputOutput = 5,

    /// <summary>ENXIO: a seek behind the end.</summary>
    NoAddress = 6,

    /// <summary>ENOMEM.</summary>
    NoMemory = 12,

    /// <summary>EACCES.</summary>
    Access = 13,

    /// <summary>ENOTDIR.</summary>
    NotDirectory = 20,

    /// <summary>EISDIR.</summary>
    IsDirectory = 21,

    /// <summary>EINVAL.</summary>
    Invalid = 22,

    /// <summary>ENOTTY: no such ioctl.</summary>
    NoIoctl = 25,

    /// <summary>EROFS: the file system is read-only.</summary>
    ReadOnly = 30,

    /// <summary>ERANGE: the answer is longer than the asker's buffer.</summary>
    Range = 34,

    /// <summary>ENOSYS: the kernel remembers this and never asks again; not for anything that may pass.</summary>
    NotImplemented = 38,

    /// <summary>ENODATA: no such extended attribute.</summary>
    NoData = 61,

    /// <summary>EPROTO: the kernel speaks an older protocol than is needed.</summary>
    Protocol = 71,

    /// <summary>EOPNOTSUPP: the image uses a feature that imaged lacks.</summary>
    NotSupported = 95,
}
