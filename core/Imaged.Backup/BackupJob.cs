using System.Security.Cryptography;
using Imaged.Blocks;
using Imaged.Formats.Images.Qcow2;
using Imaged.Formats.Model;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Backup;

/// <summary>Writes a backup: every thread takes a piece of the disk, reads it, clears what is not used, hashes it,
/// compresses it and writes it.</summary>
public sealed class BackupJob
{
    private const int MinPieceLength = 1 << 20;

    // A thread that waits for the disk leaves the processor to another one.
    private const int ThreadsPerProcessor = 2;
    private const int MaxThreads = 16;

    // Gaps between used blocks that cost less to read than a read of their own.
    private const int MaxGap = 64 << 10;

    // All that threads have at once, in bytes.
    private const long MaxBuffers = 64 << 20;

    private readonly BackupRequest _request;
    private readonly ProgressMeter _meter;
    private readonly BackupGeometry _geometry;
    private readonly ChunkDigests _digests;
    private readonly LostRanges _lost;
    private readonly bool[] _stored;

    /// <summary>A job.</summary>
    /// <param name="request">What is to be saved.</param>
    /// <param name="meter">Told how far it is.</param>
    /// <exception cref="ImageFormatException">The backup to stand on is one of another disk.</exception>
    /// <exception cref="UnsupportedFeatureException">Too many would stand on each other, its name cannot be recorded,
    /// or the disk is too long.</exception>
    public BackupJob(BackupRequest request, ProgressMeter meter)
    {
        _request = request;
        _meter = meter;
        if (request.Parent is { } parent)
        {
            CheckParent(request, parent.Manifest);
        }

        int? chunkSize = request.Parent?.Manifest.ChunkSize ?? request.ChunkSize;
        _geometry = chunkSize is { } size ? BackupGeometry.Of(size) : BackupGeometry.Of(request.Source.Length);
        long chunks = (request.Source.Length + _geometry.ChunkSize - 1) / _geometry.ChunkSize;
        _digests = new((int)chunks);
        _stored = new bool[_digests.Count];
        _lost = new(request.Source, request.KeepGoing);
    }

    /// <summary>The digest of each chunk, when the job has run.</summary>
    public ChunkDigests Digests => _digests;

    /// <summary>Whether a chunk is stored in the file, when the job has run.</summary>
    public bool IsStored(int chunk) => _stored[chunk];

    /// <summary>Writes the backup to an empty file.</summary>
    /// <returns>The manifest that was written, without the chunks.</returns>
    /// <exception cref="IOException">A side failed; the file is then no backup.</exception>
    public BackupManifest Run(SafeFileHandle output)
    {
        DateTimeOffset started = DateTimeOffset.UtcNow;
        _meter.Begin("save", _request.Used.Sum(range => range.Length));
        Qcow2WriterOptions options = new(_request.Source.Length, _geometry.ClusterBits, _request.ParentName);
        Qcow2Writer writer = new(output, options);
        int pieceLength = Math.Max(MinPieceLength, _geometry.ChunkSize);
        PieceQueue queue = new(_request.Source, _request.Used, pieceLength);
        long threads = Math.Min(Environment.ProcessorCount * ThreadsPerProcessor, MaxThreads);
        ThreadTeam.Run(
            (int)Math.Max(2, Math.Min(threads, MaxBuffers / (2L * pieceLength))),
            () => SavePieces(queue, writer, options, pieceLength),
            queue.Stop);
        ClearWhatWentAway(writer, options);

        BackupManifest manifest = _request.Template with
        {
            Version = BackupManifest.CurrentVersion,
            Started = _request.Template.Version == 0 ? started : _request.Template.Started,
            Finished = DateTimeOffset.UtcNow,
            Length = _request.Source.Length,
            ChunkSize = _geometry.ChunkSize,
            Digest = Convert.ToHexStringLower(_digests.HashAll()),
            Stored = _stored.LongCount(stored => stored) * _geometry.ChunkSize,
            Parent = _request.Parent is { } parent
                ? new(_request.ParentName!, parent.Manifest.Digest)
                : null,
            Depth = _request.Parent is { } below ? below.Manifest.Depth + 1 : 0,
            Lost = [.. _request.Template.Lost, .. _lost.ToRanges()],
        };
        long end = writer.WriteTables();
        writer.WriteHeader(BackupFile.Write(output, end, manifest with { Chunks = _digests.ToRuns() }));
        return manifest;
    }

    private static void CheckParent(BackupRequest request, BackupManifest parent)
    {
        if (parent.Length != request.Source.Length)
        {
            throw new ImageFormatException(
                "backup",
                0,
                $"'{request.ParentName}' is of a disk of {parent.Length} bytes, "
                + $"this one has {request.Source.Length}: an increment cannot stand on it");
        }

        if (parent.Depth >= Qcow2WriterOptions.MaxDepth)
        {
            throw new UnsupportedFeatureException(
                "backup",
                $"more than {Qcow2WriterOptions.MaxDepth} increments on each other "
                + $"(make the last one whole: imagectl backup merge '{request.ParentName}')");
        }

        // QEMU takes what stands before a colon for a protocol, and other programs a backslash for a folder.
        if (request.ParentName is null || request.ParentName.AsSpan().ContainsAny("/\\:"))
        {
            throw new UnsupportedFeatureException(
                "backup", $"an increment on a file with a colon or backslash in its name ('{request.ParentName}')");
        }
    }

    private void SavePieces(PieceQueue queue, Qcow2Writer writer, Qcow2WriterOptions options, int pieceLength)
    {
        using AlignedBuffer buffer = new(pieceLength);
        using Qcow2ClusterEncoder encoder = new(options, pieceLength / options.ClusterLength, _request.Level);
        List<BlockRange> ranges = [];
        Span<byte> piece = buffer.GetSpan();
        while (queue.Take(ranges) is var number and >= 0)
        {
            long offset = number * pieceLength;
            ReadUsed(ranges, offset, piece);
            int perPiece = pieceLength / _geometry.ChunkSize;
            for (int i = 0; i < perPiece; i++)
            {
                long chunk = (number * perPiece) + i;
                if (chunk < _digests.Count)
                {
                    SaveChunk((int)chunk, piece.Slice(i * _geometry.ChunkSize, _geometry.ChunkSize), writer, encoder);
                }
            }

            _meter.Add(ranges.Sum(range => range.Length));
        }
    }

    // Small gaps are read, too; what is not used is cleared.
    private void ReadUsed(List<BlockRange> ranges, long offset, Span<byte> piece)
    {
        for (int i = 0; i < ranges.Count;)
        {
            int first = i;
            while (++i < ranges.Count && ranges[i].Offset - ranges[i - 1].End < MaxGap)
            {
            }

            ReadRun(ranges, first, i, offset, piece);
        }

        int cleared = 0;
        foreach (BlockRange range in ranges)
        {
            piece[cleared..(int)(range.Offset - offset)].Clear();
            cleared = (int)(range.End - offset);
        }

        piece[cleared..].Clear();
    }

    private void ReadRun(List<BlockRange> ranges, int first, int end, long offset, Span<byte> piece)
    {
        int begin = (int)(ranges[first].Offset - offset);
        try
        {
            _request.Source.Read(offset + begin, piece[begin..(int)(ranges[end - 1].End - offset)]);
        }
        catch (IOException)
        {
            // What is not used may well be unreadable.
            for (int i = first; i < end; i++)
            {
                _lost.Read(ranges[i].Offset, piece.Slice((int)(ranges[i].Offset - offset), (int)ranges[i].Length));
            }
        }
    }

    private void SaveChunk(int chunk, ReadOnlySpan<byte> bytes, Qcow2Writer writer, Qcow2ClusterEncoder encoder)
    {
        if (!bytes.ContainsAnyExcept((byte)0))
        {
            return;
        }

        // The last chunk ends with the disk, what is stored of it does not.
        long length = Math.Min(bytes.Length, _request.Source.Length - ((long)chunk * _geometry.ChunkSize));
        Span<byte> digest = stackalloc byte[ChunkDigests.DigestLength];
        SHA256.HashData(bytes[..(int)length], digest);
        _digests.Set(chunk, digest);
        if (_request.Parent?.Chunks[chunk].SequenceEqual(digest) == true)
        {
            return;
        }

        writer.Write((long)chunk * (_geometry.ChunkSize >> _geometry.ClusterBits), bytes, encoder);
        _stored[chunk] = true;
    }

    // What the backup below has, and is zero now.
    private void ClearWhatWentAway(Qcow2Writer writer, Qcow2WriterOptions options)
    {
        if (_request.Parent is not { } parent)
        {
            return;
        }

        int clusters = _geometry.ChunkSize / options.ClusterLength;
        long all = (_request.Source.Length + options.ClusterLength - 1) / options.ClusterLength;
        for (int chunk = 0; chunk < _digests.Count; chunk++)
        {
            if (_digests[chunk].IsEmpty && !parent.Chunks[chunk].IsEmpty)
            {
                long first = (long)chunk * clusters;
                for (long cluster = first; cluster < Math.Min(first + clusters, all); cluster++)
                {
                    writer.WriteZero(cluster);
                }
            }
        }
    }
}
