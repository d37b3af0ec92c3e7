namespace Imaged.Formats.Hfs;

/// <summary>Compares a key with what is looked for: below 0 when it stands before that.</summary>
/// <param name="key">The key without its length.</param>
internal delegate int HfsKeyOrder(ReadOnlySpan<byte> key);
