using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;
using Imaged.Blocks;
using Imaged.Formats.Images.Qcow2;
using Imaged.Formats.Model;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Backup;

/// <summary>A backup that is there: its manifest, checked.</summary>
/// <param name="Manifest">What it says, without the chunks.</param>
/// <param name="Chunks">The digests.</param>
public sealed record BackupFile(BackupManifest Manifest, ChunkDigests Chunks)
{
    private const string FormatId = "backup";
    private const int MinChunkSize = 1 << 16;

    /// <summary>Reads the manifest of a file.</summary>
    /// <param name="file">The file.</param>
    /// <returns>Null when it is no backup.</returns>
    /// <exception cref="ImageFormatException">The container or the manifest is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">It is of a newer version.</exception>
    public static BackupFile? Read(BlockSource file) =>
        Qcow2Manifest.Find(file) is { } place ? Parse(file.ReadBytes(place.Offset, place.Length), place) : null;

    /// <summary>Appends the manifest to a file.</summary>
    /// <param name="output">Opened for writing.</param>
    /// <param name="offset">Where it goes.</param>
    /// <param name="manifest">The manifest with its chunks.</param>
    /// <returns>Where it stands.</returns>
    internal static Qcow2Manifest Write(SafeFileHandle output, long offset, BackupManifest manifest)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using HashedAppend stream = new(output, offset, hash);
        JsonSerializer.Serialize(stream, manifest, ManifestJson.Default.BackupManifest);
        stream.Flush();
        return stream.Written > Qcow2Manifest.MaxLength
            ? throw new ImageFormatException(FormatId, offset, $"the manifest has {stream.Written} bytes")
            : new(
                offset,
                (int)stream.Written,
                [.. hash.GetHashAndReset()],
                [.. Convert.FromHexString(manifest.Digest)],
                manifest.Parent is { } parent ? [.. Convert.FromHexString(parent.Digest)] : []);
    }

    private static BackupFile Parse(byte[] text, Qcow2Manifest place)
    {
        if (!SHA256.HashData(text).AsSpan().SequenceEqual(place.Sha256.AsSpan()))
        {
            Throw(place.Offset, "the manifest is damaged: its SHA-256 is not that in the header");
        }

        BackupFile backup = Parse(text, place.Offset);
        if (!place.Content.AsSpan().SequenceEqual(Convert.FromHexString(backup.Manifest.Digest)))
        {
            Throw(place.Offset, "the digest of the whole is not that in the header");
        }

        return backup;
    }

    /// <summary>Reads a manifest.</summary>
    /// <param name="text">Its bytes.</param>
    /// <param name="offset">Where it stands, for errors.</param>
    internal static BackupFile Parse(byte[] text, long offset)
    {
        BackupManifest? manifest;
        try
        {
            manifest = JsonSerializer.Deserialize(text, ManifestJson.Default.BackupManifest);
        }
        catch (JsonException error)
        {
            throw new ImageFormatException(FormatId, offset, $"the manifest is no JSON: {error.Message}");
        }

        if (manifest is null || manifest.Version < 1)
        {
            throw new ImageFormatException(FormatId, offset, "the manifest has no version");
        }

        if (manifest.Version > BackupManifest.CurrentVersion)
        {
            throw new UnsupportedFeatureException(FormatId, $"version {manifest.Version} of a backup's manifest");
        }

        ChunkDigests chunks = ReadChunks(manifest, offset);
        if (!Convert.ToHexStringLower(chunks.HashAll()).Equals(manifest.Digest, StringComparison.OrdinalIgnoreCase))
        {
            Throw(offset, "the digest of the whole is not that of the chunks");
        }

        return new(manifest with { Chunks = [] }, chunks);
    }

    private static ChunkDigests ReadChunks(BackupManifest manifest, long offset)
    {
        if (manifest.ChunkSize is < MinChunkSize or > BackupGeometry.MaxChunkSize
            || !BitOperations.IsPow2(manifest.ChunkSize))
        {
            Throw(offset, $"chunks of {manifest.ChunkSize} bytes are no power of two from {MinChunkSize} on");
        }

        long count = (manifest.Length / manifest.ChunkSize) + (manifest.Length % manifest.ChunkSize == 0 ? 0 : 1);
        if (manifest.Length < 1 || count > BackupGeometry.MaxChunks)
        {
            Throw(offset, $"the length {manifest.Length} does not go with chunks of {manifest.ChunkSize} bytes");
        }

        ChunkDigests chunks = new((int)count);
        long next = 0;
        foreach (ChunkRun run in manifest.Chunks ?? [])
        {
            int length = run?.Sha256?.Length ?? 0;
            if (length == 0 || length % ChunkDigests.DigestLength != 0 || run!.First < next
                || run.First > count - (length / ChunkDigests.DigestLength))
            {
                throw new ImageFormatException(FormatId, offset, "the list of chunks is out of order");
            }

            for (int i = 0; i < length; i += ChunkDigests.DigestLength)
            {
                ReadOnlySpan<byte> digest = run.Sha256.AsSpan(i, ChunkDigests.DigestLength);
                chunks.Set((int)run.First + (i / ChunkDigests.DigestLength), digest);
            }

            next = run.First + (length / ChunkDigests.DigestLength);
        }

        return chunks;
    }

    private static void Throw(long offset, string message) => ImageFormatException.Throw(FormatId, offset, message);

    /// <summary>Writes on from an offset of a file, and hashes what it writes.</summary>
    private sealed class HashedAppend(SafeFileHandle output, long offset, IncrementalHash hash) : Stream
    {
        /// <summary>Bytes written.</summary>
        public long Written { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            RandomAccess.Write(output, buffer, offset + Written);
            hash.AppendData(buffer);
            Written += buffer.Length;
        }
    }
}
