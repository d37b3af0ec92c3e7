namespace Imaged.Ipc.Contract;

/// <summary>Parameters of <c>io.imaged.Worker.Backup</c>.</summary>
public sealed record BackupParameters
{
    /// <summary>Index of the descriptor of an empty file, opened for reading and writing.</summary>
    public int Output { get; set; }

    /// <summary>Index of the descriptor of the backup to stand on; null for a whole backup.</summary>
    public int? Parent { get; set; }

    /// <summary>Its name, without a folder.</summary>
    public string? ParentName { get; set; }

    /// <summary>Level of Zstandard, 1 to 19.</summary>
    public int Level { get; set; } = 1;

    /// <summary>Bytes of the source to be read per second, at most; null for as many as there are.</summary>
    public long? Rate { get; set; }

    /// <summary>Whether what cannot be read is left out and noted.</summary>
    public bool KeepGoing { get; set; }

    /// <summary>Whether all is read again and compared when it is written.</summary>
    public bool Check { get; set; } = true;

    /// <summary>What is saved.</summary>
    public BackupSource Source { get; set; } = new();

    /// <summary>How it is kept from changing, one word.</summary>
    public string Consistency { get; set; } = string.Empty;

    /// <summary>Whether the bytes of the disk are written, and no backup with a manifest. What is not used is a hole,
    /// or zero where the output is a stream. There is no parent then, and what cannot be read ends it.</summary>
    public bool Raw { get; set; }

    /// <summary>Whether a raw output is written in one go from where it stands, as a pipe is, and not read
    /// again.</summary>
    public bool Stream { get; set; }

    /// <summary>Whether the image is an increment that is to be written as a whole backup: the same disk, with the
    /// same manifest. Everything else but the output is ignored then.</summary>
    public bool Merge { get; set; }
}

/// <summary>Parameters of <c>io.imaged.Worker.ReadBackup</c>.</summary>
public sealed record ReadBackupParameters
{
    /// <summary>Index of the descriptor of a file.</summary>
    public int File { get; set; }
}

/// <summary>Reply of <c>io.imaged.Worker.ReadBackup</c>.</summary>
public sealed record ReadBackupReply
{
    /// <summary>What the manifest says; null when the file is no backup.</summary>
    public BackupDescription? Backup { get; set; }
}

/// <summary>What the manifest of a backup says.</summary>
public sealed record BackupDescription
{
    /// <summary>Digest of the whole in hexadecimal digits.</summary>
    public string Digest { get; set; } = string.Empty;

    /// <summary>Name of the backup that it stands on; null for a whole one.</summary>
    public string? ParentName { get; set; }

    /// <summary>Digest of that one.</summary>
    public string? ParentDigest { get; set; }

    /// <summary>When it was begun, RFC 3339.</summary>
    public string Started { get; set; } = string.Empty;

    /// <summary>What was saved.</summary>
    public BackupSource Source { get; set; } = new();

    /// <summary>How it was kept from changing.</summary>
    public string Consistency { get; set; } = string.Empty;

    /// <summary>Length of the disk in bytes.</summary>
    public long Length { get; set; }

    /// <summary>Bytes that could not be read.</summary>
    public long Lost { get; set; }
}

/// <summary>A reply of <c>io.imaged.Worker.Backup</c>.</summary>
public sealed record BackupReply
{
    /// <summary>How far it is.</summary>
    public Progress Progress { get; set; } = new();

    /// <summary>What was saved; in the last reply only.</summary>
    public BackupSummary? Summary { get; set; }
}

/// <summary>What a backup is made of.</summary>
public sealed record BackupSource
{
    /// <summary>Its path.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary><c>disk</c>, <c>partition</c> or <c>file</c>.</summary>
    public string Kind { get; set; } = string.Empty;

    /// <summary>Model of the disk; null when not known.</summary>
    public string? Model { get; set; }

    /// <summary>Serial number of the disk; null when not known.</summary>
    public string? Serial { get; set; }
}

/// <summary>A backup that was written.</summary>
public sealed record BackupSummary
{
    /// <summary>Length of the disk in bytes.</summary>
    public long Length { get; set; }

    /// <summary>Bytes that matter: what file systems use, and what nothing is known of.</summary>
    public long Used { get; set; }

    /// <summary>Bytes that stand in this file, before compression.</summary>
    public long Stored { get; set; }

    /// <summary>Length of the file in bytes.</summary>
    public long FileSize { get; set; }

    /// <summary>Digest of the whole in hexadecimal digits.</summary>
    public string Digest { get; set; } = string.Empty;

    /// <summary>Whether the file was read again and compared.</summary>
    public bool Checked { get; set; }

    /// <summary>How the source was kept from changing, one word.</summary>
    public string Consistency { get; set; } = string.Empty;

    /// <summary>The file systems.</summary>
    public IReadOnlyList<BackupVolume> Volumes { get; set; } = [];

    /// <summary>What could not be read.</summary>
    public ByteRanges Lost { get; set; } = new();

    /// <summary>What is wrong in the file that was written.</summary>
    public ByteRanges Bad { get; set; } = new();

    /// <summary>What a person should know.</summary>
    public IReadOnlyList<string> Warnings { get; set; } = [];
}

/// <summary>A file system of a backup.</summary>
public sealed record BackupVolume
{
    /// <summary>Number of its partition; null for the disk itself.</summary>
    public int? Partition { get; set; }

    /// <summary>Byte offset on the disk.</summary>
    public long Offset { get; set; }

    /// <summary>Length in bytes.</summary>
    public long Length { get; set; }

    /// <summary>Its id; null when it is not known.</summary>
    public string? FileSystem { get; set; }

    /// <summary>Its label.</summary>
    public string? Label { get; set; }

    /// <summary>Bytes that it uses.</summary>
    public long Used { get; set; }

    /// <summary>Why all of it was saved; null when only used blocks were.</summary>
    public string? Whole { get; set; }
}

/// <summary>Ranges of bytes, of which there may be many.</summary>
public sealed record ByteRanges
{
    /// <summary>How many there are.</summary>
    public int Count { get; set; }

    /// <summary>Bytes in all of them.</summary>
    public long Bytes { get; set; }

    /// <summary>The first ones, up to 1000.</summary>
    public IReadOnlyList<ByteRange> First { get; set; } = [];
}

/// <summary>A range of bytes.</summary>
public sealed record ByteRange
{
    /// <summary>Byte offset.</summary>
    public long Offset { get; set; }

    /// <summary>Length in bytes.</summary>
    public long Length { get; set; }
}
