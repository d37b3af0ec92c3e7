using System.Collections.Immutable;

namespace Imaged.Fuzz;

/// <summary>Some bytes put at an offset.</summary>
/// <param name="Offset">Byte offset in the seed.</param>
/// <param name="Bytes">What stands there instead; at most 255.</param>
public readonly record struct Patch(long Offset, ImmutableArray<byte> Bytes);

/// <summary>A seed and what was changed in it: small, however large the image.</summary>
/// <param name="Seed">The unchanged bytes.</param>
/// <param name="Length">Bytes left of it.</param>
/// <param name="Patches">Changes, later ones over earlier ones.</param>
public sealed record FuzzInput(byte[] Seed, int Length, ImmutableArray<Patch> Patches)
{
    /// <summary>The whole image.</summary>
    public byte[] Render()
    {
        byte[] bytes = Seed.AsSpan(0, Length).ToArray();
        foreach (Patch patch in Patches)
        {
            for (int i = 0; i < patch.Bytes.Length && patch.Offset + i < Length; i++)
            {
                bytes[patch.Offset + i] = patch.Bytes[i];
            }
        }

        return bytes;
    }

    /// <summary>Writes what was changed, for the parent of a process that may die of it.</summary>
    public void Save(BinaryWriter writer, int seedIndex)
    {
        writer.Write(seedIndex);
        writer.Write(Length);
        writer.Write(Patches.Length);
        foreach (Patch patch in Patches)
        {
            writer.Write(patch.Offset);
            writer.Write((byte)patch.Bytes.Length);
            writer.Write(patch.Bytes.AsSpan());
        }
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public static FuzzInput Load(BinaryReader reader, IReadOnlyList<byte[]> seeds)
    {
        byte[] seed = seeds[reader.ReadInt32()];
        int length = reader.ReadInt32();
        int count = reader.ReadInt32();
        ImmutableArray<Patch>.Builder patches = ImmutableArray.CreateBuilder<Patch>(count);
        for (int i = 0; i < count; i++)
        {
            long offset = reader.ReadInt64();
            patches.Add(new(offset, [.. reader.ReadBytes(reader.ReadByte())]));
        }

        return new(seed, length, patches.MoveToImmutable());
    }
}
