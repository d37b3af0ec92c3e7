using System.Security.Cryptography;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Backup;

/// <summary>The disk of a backup: nothing is read of it that is not what was saved.</summary>
/// <param name="disk">The disk as the image shows it; stays the caller's.</param>
/// <param name="backup">The backup.</param>
public sealed class VerifiedSource(BlockSource disk, BackupFile backup) : BlockSource
{
    private readonly int _chunkSize = backup.Manifest.ChunkSize;

    /// <inheritdoc/>
    public override long Length => disk.Length;

    /// <inheritdoc/>
    public override int SectorSize => disk.SectorSize;

    /// <inheritdoc/>
    public override Extent GetExtent(long offset) => disk.GetExtent(offset);

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        while (!destination.IsEmpty)
        {
            long begin = offset - (offset % _chunkSize);
            int length = (int)Math.Min(_chunkSize, Length - begin);
            int inside = (int)(offset - begin);
            int count = Math.Min(destination.Length, length - inside);
            if (count == length)
            {
                disk.Read(begin, destination[..count]);
                Check(begin, destination[..count]);
            }
            else
            {
                using AlignedBuffer chunk = new(length);
                disk.Read(begin, chunk.GetSpan());
                Check(begin, chunk.GetSpan());
                chunk.GetSpan().Slice(inside, count).CopyTo(destination);
            }

            destination = destination[count..];
            offset += count;
        }
    }

    private void Check(long offset, ReadOnlySpan<byte> chunk)
    {
        ReadOnlySpan<byte> expected = backup.Chunks[(int)(offset / _chunkSize)];
        Span<byte> digest = stackalloc byte[ChunkDigests.DigestLength];
        SHA256.HashData(chunk, digest);
        if (expected.IsEmpty ? chunk.ContainsAnyExcept((byte)0) : !digest.SequenceEqual(expected))
        {
            throw new ImageFormatException(
                "backup", offset, $"{chunk.Length} bytes are not those that were saved (imagectl verify tells more)");
        }
    }
}
