using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Wim;

namespace Imaged.Formats.Images.Wim;

/// <summary>Checks the SHA-1 digests of a WIM: of every resource, and of pieces of the parts where those are
/// listed.</summary>
internal static class WimCheck
{
    private const int BufferLength = 1 << 20;

    // Length, number of pieces, their length; then a digest for each.
    private const int IntegrityHeader = 12;
    private const long MaxPieces = 1 << 20;

    /// <summary>Reads all that the parts hold.</summary>
    public static void Run(BlockSource content, BlockCache cache, ImageCheck check)
    {
        List<WimPart> parts = WimPart.ReadAll(content);
        CheckResources(new WimBlobTable(parts, cache), content.Length, check);
        foreach (WimPart part in parts)
        {
            CheckPieces(part, check);
        }
    }

    private static void CheckResources(WimBlobTable blobs, long length, ImageCheck check)
    {
        byte[] buffer = new byte[BufferLength];
        int good = 0;
        int bad = 0;

        // In bytes as they are stored: what a resource decodes to may be any number.
        check.Begin("resources", length);
        long done = 0;
        for (int i = 0; i < blobs.Count; i++)
        {
            WimBlob blob = blobs.Read(i);
            if (WimBlobTable.IsSkipped(blob))
            {
                continue;
            }

            try
            {
                using BlockSource source = blobs.Open(blob);
                WimDigest actual = Hash(source, 0, source.Length, buffer);
                good += actual == blob.Digest ? 1 : 0;
                bad += actual == blob.Digest ? 0 : 1;
                if (actual != blob.Digest)
                {
                    check.Report(blob.Resource.Offset, $"the SHA-1 of a resource is {actual}, not {blob.Digest}");
                }
            }
            catch (ImageFormatException error)
            {
                bad++;
                check.Report(blob.Resource.Offset, $"resource {blob.Digest}: {error.Message}");
            }

            long step = Math.Clamp(blob.Resource.StoredLength, 0, length - done);
            done += step;
            check.Advance(step);
        }

        if (bad == 0)
        {
            check.Confirm(string.Create(CultureInfo.InvariantCulture, $"SHA-1 of {good} resources"));
        }
    }

    // The pieces cover what stands between the header and the end of the table of resources.
    private static void CheckPieces(WimPart part, ImageCheck check)
    {
        WimResource table = part.Header.Integrity;
        if (table.Length < IntegrityHeader || table.Offset > part.Content.Length - table.Length)
        {
            return;
        }

        Span<byte> header = stackalloc byte[IntegrityHeader];
        part.Content.Read(table.Offset, header);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        uint pieceLength = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        long end = part.Header.Table.End;
        long length = end - WimHeader.Length;
        if (count > MaxPieces || IntegrityHeader + (count * (long)WimDigest.Length) > table.Length
            || pieceLength == 0 || (length + pieceLength - 1) / pieceLength != count || end > part.Content.Length)
        {
            check.Report(
                table.Offset, $"{count} digests of pieces of {pieceLength} bytes do not fit {length} bytes");
            return;
        }

        byte[] buffer = new byte[BufferLength];
        byte[] expected = part.Content.ReadBytes(table.Offset + IntegrityHeader, (int)count * WimDigest.Length);
        int bad = 0;
        check.Begin("pieces", length);
        for (int i = 0; i < count; i++)
        {
            long begin = WimHeader.Length + (i * (long)pieceLength);
            long piece = Math.Min(pieceLength, end - begin);
            if (Hash(part.Content, begin, piece, buffer)
                != WimDigest.Parse(expected.AsSpan(i * WimDigest.Length)))
            {
                bad++;
                check.Report(begin, $"the SHA-1 of piece {i} of part {part.Header.Part} differs");
            }

            check.Advance(piece);
        }

        if (bad == 0)
        {
            check.Confirm(string.Create(
                CultureInfo.InvariantCulture, $"SHA-1 of {count} pieces of part {part.Header.Part}"));
        }
    }

    private static WimDigest Hash(BlockSource source, long offset, long length, byte[] buffer)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        for (long at = offset; at < offset + length;)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, offset + length - at));
            source.Read(at, part);
            hash.AppendData(part);
            at += part.Length;
        }

        Span<byte> digest = stackalloc byte[WimDigest.Length];
        hash.GetHashAndReset(digest);
        return WimDigest.Parse(digest);
    }
}
