namespace Imaged.Ipc.Contract;

/// <summary>Parameters of <c>io.imaged.Manager.Automount</c>.</summary>
public sealed record AutomountParameters
{
    /// <summary>A block device that appeared; null to ask about the watched folder.</summary>
    public AutomountDevice? Device { get; set; }
}

/// <summary>What udev knows of a block device.</summary>
public sealed record AutomountDevice
{
    /// <summary>Its node, e.g. <c>/dev/sdb1</c>.</summary>
    public string Path { get; set; } = string.Empty;

    /// <summary>Absolute paths of the links to the node.</summary>
    public IReadOnlyList<string> Links { get; set; } = [];

    /// <summary>Label of its file system.</summary>
    public string? Label { get; set; }

    /// <summary>UUID of its file system.</summary>
    public string? Uuid { get; set; }

    /// <summary>Serial number, with vendor and model or without.</summary>
    public IReadOnlyList<string> Serials { get; set; } = [];

    /// <summary>Bus, e.g. <c>usb</c>.</summary>
    public string? Bus { get; set; }
}

/// <summary>Reply of <c>io.imaged.Manager.Automount</c>.</summary>
public sealed record AutomountReply
{
    /// <summary>Whether anything is to be mounted.</summary>
    public bool Allowed { get; set; }

    /// <summary>Why, in a sentence.</summary>
    public string Reason { get; set; } = string.Empty;

    /// <summary>Whether the device's own files are to be seen; otherwise only images on it.</summary>
    public bool Files { get; set; }

    /// <summary>Folder of image files: on the device, relative to its root; of the host, absolute; null for
    /// none.</summary>
    public string? Folder { get; set; }

    /// <summary>Patterns of the names of image files, with <c>*</c> and <c>?</c>; empty for all.</summary>
    public IReadOnlyList<string> Names { get; set; } = [];

    /// <summary>Whether the kernel's drivers may read what imaged does not read itself.</summary>
    public bool Kernel { get; set; }
}
