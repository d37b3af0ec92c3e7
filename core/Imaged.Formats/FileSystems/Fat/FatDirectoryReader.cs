using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Fat;

/// <summary>Steps through the entries of a directory: puts long names together, leaves out labels, deleted entries and
/// the dot entries. For one thread.</summary>
internal sealed class FatDirectoryReader
{
    private const int MaxNameBytes = 255;
    private const int CharsPerEntry = 13;
    private const int MaxLongEntries = 20;
    private const byte AttributeMask = 0x3f;
    private const byte LongNameAttributes = 0x0f;
    private const byte LastLongEntry = 0x40;

    // Where the thirteen UTF-16 units of a long-name entry stand.
    private static readonly byte[] LongNameOffsets = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];

    private readonly ClusterEntryReader _entries;
    private readonly char[] _long = new char[MaxLongEntries * CharsPerEntry];
    private readonly char[] _short = new char[FatNames.MaxShortLength + 1];

    private int _longLength;
    private int _shortLength;
    private int _expected = -1; // number of the long-name entry to come; 0 when complete, -1 when there is none
    private byte _checksum;

    /// <summary>Begins at a byte of the directory.</summary>
    /// <param name="volume">Best a cached one.</param>
    /// <param name="chain">Where the directory lies.</param>
    /// <param name="position">A multiple of 32.</param>
    /// <param name="owner">Byte offset that errors name.</param>
    public FatDirectoryReader(BlockSource volume, ClusterChain chain, long position, long owner) =>
        _entries = new(volume, chain, position, FatFileSystem.Id, owner);

    /// <summary>Byte offset of the current entry in the volume.</summary>
    public long EntryOffset => _entries.EntryOffset;

    /// <summary>Position behind the current entry in the directory.</summary>
    public long Position => _entries.Position;

    /// <summary>The current 8.3 entry.</summary>
    public ReadOnlySpan<byte> Entry => _entries.Entry;

    /// <summary>Its 8.3 name.</summary>
    public ReadOnlySpan<char> ShortName => _short.AsSpan(0, _shortLength);

    /// <summary>Its name: the long one if there is one that can be shown.</summary>
    public ReadOnlySpan<char> Name => _longLength > 0 ? _long.AsSpan(0, _longLength) : ShortName;

    /// <summary>Whether this raw entry stands for a file or directory below this one.</summary>
    public static bool IsNode(ReadOnlySpan<byte> entry) =>
        entry[0] is not (0 or 0xe5) && (entry[11] & (byte)DosAttributes.Label) == 0
        && !(entry[0] == (byte)'.' && (entry[1..11].Trim((byte)' ') is [] or [(byte)'.']));

    /// <summary>Goes to the next entry.</summary>
    /// <exception cref="ImageFormatException">The chain of the directory is broken here.</exception>
    public bool MoveNext()
    {
        Forget();
        while (_entries.MoveNext())
        {
            ReadOnlySpan<byte> entry = Entry;
            if (entry[0] == 0)
            {
                _entries.End();
                return false;
            }

            if (entry[0] == 0xe5)
            {
                Forget();
            }
            else if ((entry[11] & AttributeMask) == LongNameAttributes)
            {
                AddLongEntry(entry);
            }
            else if (IsNode(entry) && (_shortLength = FatNames.ReadShort(entry, _short)) > 0)
            {
                FinishLongName(entry);
                return true;
            }
            else
            {
                Forget();
            }
        }

        return false;
    }

    // Long-name entries count only right before their short one.
    private void Forget()
    {
        _expected = -1;
        _longLength = 0;
    }

    // Long-name entries stand before their short one, the last part first: 0x40 | n, n - 1, … 1.
    private void AddLongEntry(ReadOnlySpan<byte> entry)
    {
        int number = entry[0] & 0x3f;
        if ((entry[0] & LastLongEntry) != 0)
        {
            _checksum = entry[13];
            _longLength = number * CharsPerEntry;
        }
        else if (number != _expected || entry[13] != _checksum)
        {
            number = 0;
        }

        if (number is 0 or > MaxLongEntries)
        {
            // An orphan; and zero is no number of a long-name entry, either.
            Forget();
            return;
        }

        Span<char> part = _long.AsSpan((number - 1) * CharsPerEntry, CharsPerEntry);
        for (int i = 0; i < CharsPerEntry; i++)
        {
            int at = LongNameOffsets[i];
            part[i] = (char)(entry[at] | (entry[at + 1] << 8));
        }

        _expected = number - 1;
    }

    private void FinishLongName(ReadOnlySpan<byte> entry)
    {
        if (_longLength == 0 || _expected != 0 || FatNames.Checksum(entry) != _checksum)
        {
            _longLength = 0;
            return;
        }

        int end = _long.AsSpan(0, _longLength).IndexOf('\0');
        _longLength = end < 0 ? _longLength : end;
        Span<char> name = _long.AsSpan(0, _longLength);
        for (int i = 0; i < name.Length; i++)
        {
            if (char.IsHighSurrogate(name[i]) && i + 1 < name.Length && char.IsLowSurrogate(name[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(name[i]))
            {
                name[i] = '\ufffd';
            }
        }

        // What cannot be a name here is shown by its short name.
        if (name.Contains('/') || name is "." or ".." || Encoding.UTF8.GetByteCount(name) > MaxNameBytes)
        {
            _longLength = 0;
        }
    }
}
