using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Numerics;

namespace Imaged.Fuzz;

/// <summary>Changes inputs where a parser reads them.</summary>
internal sealed class Mutator
{
    private const int MaxPatches = 64;
    private static readonly long[] Interesting =
    [
        0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 511, 512, 1023, 1024, 2047, 2048, 4095, 4096,
        0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x100000000,
        long.MaxValue, long.MinValue, -1, -2, -512, -2048,
    ];

    private readonly Random _random;

    public Mutator(int seed) => _random = new(seed);

    /// <summary>A changed copy.</summary>
    /// <param name="input">What to start from.</param>
    /// <param name="reads">The ranges that were read of it.</param>
    public FuzzInput Mutate(FuzzInput input, IReadOnlyList<(long Offset, int Count)> reads)
    {
        if (_random.Next(100) < 3)
        {
            return input with { Length = _random.Next(input.Length + 1) };
        }

        using PatchedSource source = new(input, null);
        ImmutableArray<Patch> patches = input.Patches;
        int changes = 1 + (_random.Next(3) == 0 ? _random.Next(8) : _random.Next(2));
        for (int i = 0; i < changes && patches.Length < MaxPatches; i++)
        {
            (long at, int room) = Pick(input, reads);
            if (room > 0)
            {
                patches = patches.Add(new(at, Change(source, at, room, reads)));
            }
        }

        // Now and then fewer changes instead of more, so that entries do not only grow.
        if (patches.Length > 4 && _random.Next(8) == 0)
        {
            patches = patches.RemoveAt(_random.Next(patches.Length - 1));
        }

        return input with { Patches = patches };
    }

    // Where to change, and how many bytes belong to the same read. Short reads are likelier than their share of bytes.
    private (long At, int Room) Pick(FuzzInput input, IReadOnlyList<(long Offset, int Count)> reads)
    {
        if (reads.Count == 0 || input.Length == 0 || _random.Next(50) == 0)
        {
            long anywhere = input.Length == 0 ? 0 : _random.Next(input.Length);
            return (anywhere, (int)Math.Min(8, input.Length - anywhere));
        }

        (long offset, int count) = reads[_random.Next(reads.Count)];
        if (count == 0)
        {
            return (0, 0);
        }

        // Headers stand in front: half of the changes fall into the first 256 bytes of what was read.
        int inside = _random.Next(2) == 0 ? _random.Next(Math.Min(count, 256)) : _random.Next(count);
        return (offset + inside, (int)Math.Min(count - inside, input.Length - offset - inside));
    }

    private ImmutableArray<byte> Change(
        PatchedSource source, long at, int room, IReadOnlyList<(long Offset, int Count)> reads)
    {
        byte[] now = source.ReadBytes(at, Math.Min(room, 64));
        byte[] changed;
        switch (_random.Next(7))
        {
            case 0:
                return [(byte)(now[0] ^ (1 << _random.Next(8)))];
            case 1:
                return [(byte)_random.Next(256)];
            case 2:
                return [(byte)(now[0] + _random.Next(-16, 17))];
            case 3:
                return Number(now, source.Length);
            case 4:
                return Number(now, Interesting[_random.Next(Interesting.Length)]);
            case 5:
                // A record copied over another one.
                (long from, int count) = reads.Count == 0 ? (at, 1) : reads[_random.Next(reads.Count)];
                changed = now[..Math.Min(now.Length, Math.Max(1, Math.Min(count, 1 + _random.Next(64))))];
                source.ReadUpTo(from, changed);
                return [.. changed];
            default:
                changed = now[..(1 + _random.Next(now.Length))];
                Array.Fill(changed, (byte)(_random.Next(2) == 0 ? 0 : 0xff));
                return [.. changed];
        }
    }

    // A number, or the one that stands there a little changed, in either byte order.
    private ImmutableArray<byte> Number(ReadOnlySpan<byte> now, long value)
    {
        int width = 1 << _random.Next(Math.Min(4, 1 + BitOperations.Log2((uint)now.Length)));
        Span<byte> raw = stackalloc byte[8];
        bool little = _random.Next(2) == 0;
        if (_random.Next(3) == 0)
        {
            raw.Clear();
            now[..width].CopyTo(raw);
            long old = BinaryPrimitives.ReadInt64LittleEndian(raw);
            old = little ? old : BinaryPrimitives.ReverseEndianness(old) >> (8 * (8 - width));
            value = old + _random.Next(-2, 3);
        }
        else
        {
            value += _random.Next(4) == 0 ? _random.Next(-1, 2) : 0;
        }

        if (little)
        {
            BinaryPrimitives.WriteInt64LittleEndian(raw, value);
            return [.. raw[..width]];
        }

        BinaryPrimitives.WriteInt64BigEndian(raw, value);
        return [.. raw[(8 - width)..]];
    }
}
