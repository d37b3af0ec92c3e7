using System.Diagnostics.CodeAnalysis;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Ewf;

/// <summary>What the sections of all files of an image say, as it is collected.</summary>
internal sealed class EwfContents
{
    /// <summary>The disk; null until its section was read.</summary>
    public EwfMedia? Media { get; set; }

    /// <summary>The tables of chunks, in their order.</summary>
    public List<EwfTable> Tables { get; } = [];

    /// <summary>How many chunks they have.</summary>
    public long ChunkCount { get; private set; }

    /// <summary>The MD5 digest of the disk, 16 bytes; null when there is none.</summary>
    public byte[]? Md5 { get; set; }

    /// <summary>The SHA-1 digest of the disk, 20 bytes; null when there is none.</summary>
    public byte[]? Sha1 { get; set; }

    /// <summary>What the examiner noted.</summary>
    public List<KeyValuePair<string, string>> Notes { get; } = [];

    /// <summary>Harmless oddities.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>The disk.</summary>
    /// <exception cref="ImageFormatException">No section says what it is, or not all chunks are there.</exception>
    public EwfMedia RequireMedia()
    {
        if (Media is null)
        {
            ThrowNoMedia(0);
        }

        if (ChunkCount < Media.ChunkCount)
        {
            ImageFormatException.Throw(
                EwfFormat.Info.Id, 0, $"the image is cut off: {ChunkCount} of {Media.ChunkCount} chunks are there");
        }

        return Media;
    }

    /// <summary>The disk, for a table at <paramref name="offset"/>.</summary>
    /// <exception cref="ImageFormatException">No section before says what it is.</exception>
    public EwfMedia RequireMedia(long offset)
    {
        if (Media is null)
        {
            ThrowNoMedia(offset);
        }

        return Media;
    }

    /// <summary>Adds a table behind those before.</summary>
    public void Add(EwfTable table)
    {
        Tables.Add(table);
        ChunkCount += table.Count;
    }

    /// <summary>Takes the digests of a section; those that are zero are not there.</summary>
    public void AddDigests(ReadOnlySpan<byte> md5, ReadOnlySpan<byte> sha1)
    {
        Md5 = md5.ContainsAnyExcept((byte)0) ? md5.ToArray() : Md5;
        Sha1 = sha1.ContainsAnyExcept((byte)0) ? sha1.ToArray() : Sha1;
    }

    [DoesNotReturn]
    private static void ThrowNoMedia(long offset) => ImageFormatException.Throw(
        EwfFormat.Info.Id, offset, "no section before says how large the disk is");
}
