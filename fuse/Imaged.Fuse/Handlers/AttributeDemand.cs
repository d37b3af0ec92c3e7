namespace Imaged.Fuse.Handlers;

/// <summary>Decides which entries of a listing carry their attributes. A program that wants names and types only
/// (<c>find</c>) pays for every node that the kernel makes of an entry with attributes; one that looks at the files
/// (<c>tar</c>, <c>ls -l</c>) pays far more for a LOOKUP of every entry without. So entries come without until names
/// are looked up, and each LOOKUP buys the attributes of a number of entries. What a program that is done has left of
/// them runs out; one that goes on makes a few more LOOKUPs then. Thread-safe; of counts made at once some may be
/// lost.</summary>
internal sealed class AttributeDemand
{
    // A LOOKUP costs about as much as ten entries with attributes. More than that, so that a program that looks at
    // everything sends few of them; and a bound, so that what is left over when it is done wastes little.
    private const int EntriesPerLookup = 64;
    private const int MaxEntries = 16384;

    // What a small volume takes no LOOKUPs for, and `find` in a large one hardly notices.
    private const int EntriesAtFirst = 1024;

    private int _entries = EntriesAtFirst;

    /// <summary>Notes that a name was looked up that a listing could have told.</summary>
    public void Add() => Volatile.Write(
        ref _entries, Math.Min(Volatile.Read(ref _entries) + EntriesPerLookup, MaxEntries));

    /// <summary>Whether the next entry is to carry its attributes.</summary>
    public bool TryTake()
    {
        int entries = Volatile.Read(ref _entries);
        if (entries <= 0)
        {
            return false;
        }

        Volatile.Write(ref _entries, entries - 1);
        return true;
    }
}
