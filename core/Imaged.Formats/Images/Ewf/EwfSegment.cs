using Imaged.Blocks;

namespace Imaged.Formats.Images.Ewf;

/// <summary>One file of an image.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Name">Its name, for errors.</param>
/// <param name="Content">Its bytes.</param>
internal sealed record EwfSegment(int Number, string Name, BlockSource Content);
