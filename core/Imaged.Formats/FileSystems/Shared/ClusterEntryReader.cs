using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Shared;

/// <summary>Reads the 32-byte entries of a directory one after the other. For one thread.</summary>
internal sealed class ClusterEntryReader
{
    private const int ChunkLength = 4096;

    private readonly BlockSource _volume;
    private readonly ClusterChain _chain;
    private readonly string _format;
    private readonly long _owner;
    private readonly byte[] _chunk = new byte[ChunkLength];

    private long _chunkOffset;
    private long _chunkVolumeOffset;
    private int _chunkCount;
    private int _entry;

    /// <summary>Begins at a byte of the directory.</summary>
    /// <param name="volume">Best a cached one.</param>
    /// <param name="chain">Where the directory lies; it has no holes.</param>
    /// <param name="position">A multiple of 32.</param>
    /// <param name="format">Id of the file system.</param>
    /// <param name="owner">Byte offset that errors name.</param>
    public ClusterEntryReader(BlockSource volume, ClusterChain chain, long position, string format, long owner)
    {
        _volume = volume;
        _chain = chain;
        _format = format;
        _owner = owner;
        Position = position;
    }

    /// <summary>Byte offset in the directory of the entry that is read next.</summary>
    public long Position { get; set; }

    /// <summary>Byte offset of the current entry in the volume.</summary>
    public long EntryOffset { get; private set; }

    /// <summary>The current entry.</summary>
    public ReadOnlySpan<byte> Entry => _chunk.AsSpan(_entry, ClusterLayout.EntrySize);

    /// <summary>Makes <see cref="Entry"/> the one at the position, and goes behind it; false at the end of the
    /// directory.</summary>
    /// <exception cref="ImageFormatException">The chain of the directory is broken here.</exception>
    public bool MoveNext()
    {
        if (Position < _chunkOffset || Position >= _chunkOffset + _chunkCount)
        {
            if (Position >= _chain.Length)
            {
                if (_chain.Damage is not null)
                {
                    ImageFormatException.Throw(_format, _owner, _chain.Damage);
                }

                return false;
            }

            ClusterRun run = _chain.Runs[_chain.IndexOf(Position)];
            _chunkOffset = Position;
            _chunkVolumeOffset = run.VolumeOffset + (Position - run.Offset);
            _chunkCount = (int)Math.Min(ChunkLength, run.End - Position) & ~(ClusterLayout.EntrySize - 1);
            if (_chunkCount == 0)
            {
                ImageFormatException.Throw(_format, _owner, "the directory ends in the middle of an entry");
            }

            _volume.Read(_chunkVolumeOffset, _chunk.AsSpan(0, _chunkCount));
        }

        _entry = (int)(Position - _chunkOffset);
        EntryOffset = _chunkVolumeOffset + _entry;
        Position += ClusterLayout.EntrySize;
        return true;
    }

    /// <summary>Goes to the end: nothing follows, whatever stands there.</summary>
    public void End() => Position = Math.Max(Position, _chain.Length);
}
