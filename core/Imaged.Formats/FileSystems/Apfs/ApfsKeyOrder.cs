namespace Imaged.Formats.Apfs;

/// <summary>Compares a key with what is looked for: below 0 when it stands before that.</summary>
internal delegate int ApfsKeyOrder(ReadOnlySpan<byte> key);
