using System.Numerics;
using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace Imaged.Fuzz;

/// <summary>Which edges of the instrumented libraries ran, and how often, by powers of two.</summary>
internal sealed unsafe class Coverage
{
    private const int Size = 65536;
    private static readonly byte* Counts = (byte*)NativeMemory.AllocZeroed(Size);
    private readonly byte[] _seen = new byte[Size];

    /// <summary>Gives instrumented code a place to count in; without one it cannot run.</summary>
    public static void Enable() => Trace.SharedMem = Counts;

    /// <summary>Edges seen so far.</summary>
    public int Edges { get; private set; }

    /// <summary>Forgets the last run.</summary>
    public void Begin()
    {
        new Span<byte>(Counts, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Whether the run since <see cref="Begin"/> did something that no run before it did.</summary>
    public bool End()
    {
        bool isNew = false;
        ReadOnlySpan<byte> counts = new(Counts, Size);
        for (int i = counts.IndexOfAnyExcept((byte)0); i >= 0 && i < Size; i++)
        {
            if (counts[i] == 0)
            {
                int next = counts[i..].IndexOfAnyExcept((byte)0);
                if (next < 0)
                {
                    break;
                }

                i += next;
            }

            byte bucket = (byte)(1 << BitOperations.Log2(counts[i]));
            if ((_seen[i] & bucket) == 0)
            {
                Edges += _seen[i] == 0 ? 1 : 0;
                _seen[i] |= bucket;
                isNew = true;
            }
        }

        return isNew;
    }
}
