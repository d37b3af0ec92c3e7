using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Imaged.Linux;

/// <summary>An entry of the journal, in its native protocol.</summary>
public sealed class JournalEntry
{
    private readonly ArrayBufferWriter<byte> _bytes = new(512);

    /// <summary>The entry.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.WrittenSpan;

    /// <summary>Adds a field.</summary>
    /// <param name="name">Capital letters, digits and underscores.</param>
    /// <param name="value">Any text.</param>
    public void Add(string name, string value)
    {
        Write(name);
        byte[] text = Encoding.UTF8.GetBytes(value);
        if (text.AsSpan().IndexOf((byte)'\n') < 0)
        {
            _bytes.Write("="u8);
        }
        else
        {
            // More than one line: the length, in 64 bits, stands before it.
            _bytes.Write("\n"u8);
            BinaryPrimitives.WriteInt64LittleEndian(_bytes.GetSpan(sizeof(long)), text.Length);
            _bytes.Advance(sizeof(long));
        }

        _bytes.Write(text);
        _bytes.Write("\n"u8);
    }

    private void Write(string text) => _bytes.Write(Encoding.ASCII.GetBytes(text));
}
