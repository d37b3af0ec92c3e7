namespace Imaged.Formats.Images.Qcow2;

/// <summary>An entry of the snapshot table.</summary>
/// <param name="Offset">Byte offset of the entry in the file.</param>
/// <param name="Id">Its id, a number mostly.</param>
/// <param name="Name">Its name.</param>
/// <param name="Seconds">When it was taken, in seconds since 1970.</param>
/// <param name="L1Offset">Byte offset of its L1 table; not checked.</param>
/// <param name="L1Count">Entries of that table; not checked.</param>
/// <param name="Length">Length of the disk in bytes, not checked; null when the entry does not say it.</param>
internal sealed record Qcow2Snapshot(
    long Offset, string Id, string Name, uint Seconds, ulong L1Offset, uint L1Count, ulong? Length);
