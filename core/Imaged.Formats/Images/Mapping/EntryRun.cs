namespace Imaged.Formats.Images.Mapping;

/// <summary>Where the table entries of some units that follow each other stand.</summary>
/// <param name="Offset">Byte offset of the first entry in the file; of a damaged run that of the wrong field.</param>
/// <param name="Count">Entries that follow each other from there on, at least 1.</param>
/// <param name="IsMissing">Whether there is no table for these units: nothing of them is stored.</param>
/// <param name="Damage">What is wrong with the table; null when nothing is.</param>
internal readonly record struct EntryRun(ulong Offset, long Count, bool IsMissing = false, string? Damage = null)
{
    /// <summary>Entries that stand in the file.</summary>
    public static EntryRun At(ulong offset, long count) => new(offset, count);

    /// <summary>Units without a table.</summary>
    public static EntryRun Missing(long count) => new(0, count, IsMissing: true);

    /// <summary>Units whose table cannot be read.</summary>
    public static EntryRun Damaged(ulong offset, long count, string damage) => new(offset, count, Damage: damage);
}
