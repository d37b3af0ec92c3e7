using System.Buffers;
using System.Buffers.Binary;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Udf;

/// <summary>A file identifier descriptor: a name in a directory (ECMA-167 4/14.4).</summary>
internal readonly ref struct UdfName
{
    private const int HiddenFlag = 1;
    private const int DeletedFlag = 4;
    private const int ParentFlag = 8;

    /// <summary>Byte offset of the descriptor in the directory.</summary>
    public required long Offset { get; init; }

    /// <summary>Byte offset just behind it.</summary>
    public required long End { get; init; }

    /// <summary>Flags.</summary>
    public required byte Characteristics { get; init; }

    /// <summary>Where the ICB is.</summary>
    public required UdfLongAd Icb { get; init; }

    /// <summary>The name with its compression byte; valid until the reader moves on.</summary>
    public required ReadOnlySpan<byte> Raw { get; init; }

    /// <summary>Whether it stands for a file: not deleted, not the parent, with an ICB. Hidden files are shown as those
    /// of FAT are, but not the one that UDF 1.50 (2.3.13) keeps bad blocks in.</summary>
    public bool IsFile => (Characteristics & (DeletedFlag | ParentFlag)) == 0 && Icb.Length != 0
        && !((Characteristics & HiddenFlag) != 0 && Raw.Length == 22 && Raw.EndsWith("Non-Allocatable Space"u8));

    /// <summary>Whether it says to be a directory.</summary>
    public bool IsDirectory => (Characteristics & 2) != 0;

    /// <summary>Whether a stream belongs to the implementation rather than to the user.</summary>
    public bool IsMetadataStream => (Characteristics & 16) != 0;
}

/// <summary>Reads the names of a directory one after the other. Its owner disposes it; one thread at a time.</summary>
internal sealed class UdfDirectoryReader : IDisposable
{
    private const int HeaderLength = 38;

    private readonly UdfVolume _volume;
    private readonly UdfFileSource _content;
    private readonly UdfAddress _address;
    private byte[] _buffer;
    private long _bufferOffset;
    private int _bufferLength;

    /// <summary>Reads a directory.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="content">The directory's content; stays the caller's.</param>
    /// <param name="address">Of its ICB, for messages.</param>
    /// <param name="chunk">Bytes to read at once, at least 512.</param>
    public UdfDirectoryReader(UdfVolume volume, UdfFileSource content, UdfAddress address, int chunk)
    {
        _volume = volume;
        _content = content;
        _address = address;
        _buffer = ArrayPool<byte>.Shared.Rent(chunk);
    }

    /// <summary>Byte offset of the next descriptor.</summary>
    public long Position { get; set; }

    /// <summary>Reads the next name; false at the end of the directory.</summary>
    public bool TryRead(out UdfName name)
    {
        name = default;
        long offset = Position;
        long left = _content.Length - offset;
        if (left <= 0)
        {
            return false;
        }

        ReadOnlySpan<byte> raw = Window(offset, HeaderLength);
        if (raw.Length < HeaderLength || !UdfTag.TryParse(raw, out UdfTag tag) || tag.Id != UdfTagId.FileIdentifier)
        {
            _volume.Throw(_address, $"there is no file identifier at byte {offset} of the directory");
        }

        int nameLength = raw[19];
        int useLength = BinaryPrimitives.ReadUInt16LittleEndian(raw[36..]);
        byte characteristics = raw[18];
        UdfLongAd icb = UdfLongAd.Parse(raw[20..]);
        int length = HeaderLength + useLength + nameLength;
        if (length > left)
        {
            _volume.Throw(_address, $"the name at byte {offset} of the directory leaves it");
        }

        // Each is padded to four bytes, but some writers leave out the padding at the very end.
        Position = offset + Math.Min(left, (length + 3) & ~3);
        name = new()
        {
            Offset = offset,
            End = Position,
            Characteristics = characteristics,
            Icb = icb,
            Raw = Window(offset + HeaderLength + useLength, nameLength),
        };
        return true;
    }

    /// <summary>Reads all names of files from the beginning on.</summary>
    public DirectoryIndex<UdfFileSource> MakeIndex()
    {
        List<(ulong Hash, uint Position)> names = [];
        ImageFormatException? damage = null;
        Position = 0;
        try
        {
            while (TryRead(out UdfName name))
            {
                if (name.IsFile && UdfText.ToFileName(name.Raw) is { Length: > 0 } text)
                {
                    names.Add((DirectoryIndex<UdfFileSource>.Hash(text), (uint)name.Offset));
                }
            }
        }
        catch (ImageFormatException error)
        {
            damage = error;
        }

        return new(_content, _content.MemoryBytes, names, damage);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        _bufferLength = 0;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Up to count bytes at offset, fewer only at the end of the directory.
    private ReadOnlySpan<byte> Window(long offset, int count)
    {
        if (offset < _bufferOffset || offset + count > _bufferOffset + _bufferLength)
        {
            // Nothing is held while the read may throw.
            _bufferLength = 0;
            int read = _content.ReadUpTo(offset, _buffer);
            (_bufferOffset, _bufferLength) = (offset, read);
        }

        int inside = (int)(offset - _bufferOffset);
        return _buffer.AsSpan(inside, Math.Min(count, _bufferLength - inside));
    }
}
