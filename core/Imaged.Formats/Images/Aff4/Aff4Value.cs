namespace Imaged.Formats.Images.Aff4;

/// <summary>What a statement says.</summary>
/// <param name="Text">An address, or text without its quotes.</param>
/// <param name="Type">Address of the type of a text; empty when it has none, or it is an address.</param>
internal readonly record struct Aff4Value(string Text, string Type);
