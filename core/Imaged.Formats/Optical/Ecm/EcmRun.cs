namespace Imaged.Formats.Optical.Ecm;

/// <summary>A part of the image that is found by the index: one long record, or some short ones.</summary>
/// <param name="Offset">Byte offset in the image.</param>
/// <param name="StoredOffset">Byte offset in the file of what is stored; of <see cref="EcmKind.Mixed"/>, of the header
/// of the first record.</param>
/// <param name="Kind">What it is made of.</param>
internal readonly record struct EcmRun(long Offset, long StoredOffset, EcmKind Kind);
