namespace Imaged.Formats.Wim;

/// <summary>An entry of the table of resources.</summary>
/// <param name="Part">Index of the part that it is in.</param>
/// <param name="Resource">Where it stands there.</param>
/// <param name="Digest">SHA-1 of its bytes.</param>
internal readonly record struct WimBlob(int Part, WimResource Resource, WimDigest Digest);
