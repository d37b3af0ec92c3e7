using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Ecm;

/// <summary>Makes sectors of what is stored of them: what can be computed is left out.</summary>
internal static class EcmSector
{
    private const int DataLength = 2048;
    private const int Form2Length = 2324;
    private const int AddressLength = 3;
    private const int SubheaderLength = 4;

    /// <summary>Stored bytes of one unit, a sector or a byte.</summary>
    public static int StoredLength(EcmKind kind) => kind switch
    {
        EcmKind.Mode1 => AddressLength + DataLength,
        EcmKind.Form1 => SubheaderLength + DataLength,
        EcmKind.Form2 => SubheaderLength + Form2Length,
        _ => 1,
    };

    /// <summary>Decoded bytes of one unit.</summary>
    public static int Length(EcmKind kind) => kind switch
    {
        EcmKind.Mode1 => RawSector.Length,
        EcmKind.Form1 or EcmKind.Form2 => RawSector.Length - RawSector.Subheader,
        _ => 1,
    };

    /// <summary>Decodes bytes or sectors of one kind.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="stored">What is stored of them; may be longer.</param>
    /// <param name="destination">Where to: a whole number of units.</param>
    /// <param name="scratch">2352 bytes to work in.</param>
    public static void Decode(EcmKind kind, ReadOnlySpan<byte> stored, Span<byte> destination, Span<byte> scratch)
    {
        if (kind == EcmKind.Literal)
        {
            stored[..destination.Length].CopyTo(destination);
            return;
        }

        int storedLength = StoredLength(kind);
        int length = Length(kind);
        for (; !destination.IsEmpty; destination = destination[length..], stored = stored[storedLength..])
        {
            if (kind == EcmKind.Mode1)
            {
                BuildMode1(stored, destination[..length]);
                continue;
            }

            BuildMode2(kind, stored[..storedLength], scratch);
            scratch[RawSector.Subheader..].CopyTo(destination);
        }
    }

    private static void BuildMode1(ReadOnlySpan<byte> stored, Span<byte> sector)
    {
        sector.Clear();
        RawSector.Sync.CopyTo(sector);
        stored[..AddressLength].CopyTo(sector[RawSector.Header..]);
        sector[RawSector.Header + AddressLength] = 1;
        stored.Slice(AddressLength, DataLength).CopyTo(sector[RawSector.Mode1Data..]);
        RawSector.WriteMode1Codes(sector);
    }

    // The kind counts, not the bit in the subheader: it says which codes the sector had.
    private static void BuildMode2(EcmKind kind, ReadOnlySpan<byte> stored, Span<byte> sector)
    {
        sector[..RawSector.Subheader].Clear();
        stored[..SubheaderLength].CopyTo(sector[RawSector.Subheader..]);
        stored[..SubheaderLength].CopyTo(sector[(RawSector.Subheader + SubheaderLength)..]);
        stored[SubheaderLength..].CopyTo(sector[RawSector.Form1Data..]);
        if (kind == EcmKind.Form1)
        {
            RawSector.WriteForm1Codes(sector);
        }
        else
        {
            RawSector.WriteForm2Codes(sector);
        }
    }
}
