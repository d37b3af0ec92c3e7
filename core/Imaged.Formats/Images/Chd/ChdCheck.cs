using System.Security.Cryptography;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Chd;

/// <summary>Checks the checksums of hunks that are stored as they are, and the SHA-1s of content and whole.</summary>
internal static class ChdCheck
{
    /// <summary>Reads all hunks.</summary>
    public static void Run(ChdContents contents, ImageCheck check)
    {
        ChdHeader header = contents.Header;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        byte[] buffer = new byte[header.HunkLength];
        bool isReadable = true;
        check.Begin("hunks", header.LogicalLength);
        for (long hunk = 0; hunk < header.HunkCount; hunk++)
        {
            long offset = hunk * header.HunkLength;
            int length = (int)Math.Min(header.HunkLength, header.LogicalLength - offset);
            isReadable &= Check(contents.Hunks, hunk, buffer, check);
            hash.AppendData(buffer.AsSpan(0, length));
            check.Advance(length);
        }

        if (header.IsCompressed)
        {
            check.Confirm("CRC-16 of the map");
        }

        // Of content that cannot be read whole there is no digest to compare.
        if (isReadable && header.RawSha1 is { } expected)
        {
            byte[] actual = hash.GetHashAndReset();
            check.Compare("SHA-1 of the content", actual, expected);
            if (header.Sha1 is { } whole)
            {
                check.Compare("SHA-1 of the whole", contents.Metadata.ComputeSha1(actual), whole);
            }
        }
    }

    private static bool Check(BlockSource hunks, long hunk, byte[] buffer, ImageCheck check)
    {
        long offset = hunk * buffer.Length;
        try
        {
            hunks.Read(offset, buffer);
        }
        catch (ImageFormatException error)
        {
            check.Report(offset, error.Message);
            return false;
        }

        if (hunks is ChdSource source && !source.IsIntact(hunk, buffer))
        {
            check.Report(offset, $"the checksum of hunk {hunk} is wrong");
        }

        return true;
    }
}
