using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Sectors;

/// <summary>What a check of a data sector came to.</summary>
internal enum SectorState
{
    /// <summary>The checksum is right, or there is none.</summary>
    Good,

    /// <summary>The checksum was wrong, and is right after error correction.</summary>
    Correctable,

    /// <summary>The checksum is wrong, and error correction does not help.</summary>
    Bad,

    /// <summary>It is no data sector: the sync pattern is not there.</summary>
    NoData,
}

/// <summary>A whole sector of 2352 bytes (ECMA-130 section 14, and CD-ROM XA): sync pattern, header, data,
/// codes.</summary>
internal static class RawSector
{
    /// <summary>Bytes of a sector.</summary>
    public const int Length = 2352;

    /// <summary>Offset of user data in Mode 1.</summary>
    public const int Mode1Data = 16;

    /// <summary>Offset of user data in Form 1 and Form 2.</summary>
    public const int Form1Data = 24;

    /// <summary>Offset of the header: the address, and the mode.</summary>
    public const int Header = 12;

    /// <summary>Offset of the two copies of the subheader in Mode 2.</summary>
    public const int Subheader = 16;

    private const int Mode1Edc = 2064;
    private const int Form1Edc = 2072;
    private const int Form2Edc = 2348;
    private const byte Form2Bit = 0x20;
    private const byte DataBit = 0x08;
    private const ulong SyncStart = 0xFFFF_FFFF_FFFF_FF00;
    private const uint SyncEnd = 0x00FF_FFFF;

    /// <summary>The sync pattern.</summary>
    public static ReadOnlySpan<byte> Sync => [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0];

    /// <summary>Whether the bytes begin with the sync pattern.</summary>
    public static bool HasSync(ReadOnlySpan<byte> sector) =>
        sector.Length >= 12 && BinaryPrimitives.ReadUInt64LittleEndian(sector) == SyncStart
        && BinaryPrimitives.ReadUInt32LittleEndian(sector[8..]) == SyncEnd;

    /// <summary>The mode in a header; the upper bits, which flag link blocks, are left out.</summary>
    /// <param name="sector">A sector from its sync pattern on.</param>
    public static int ModeOf(ReadOnlySpan<byte> sector) => sector[15] & 3;

    /// <summary>Whether a Mode 2 sector is of Form 2.</summary>
    /// <param name="subheader">The sector from its subheader on.</param>
    public static bool IsForm2(ReadOnlySpan<byte> subheader) => (subheader[2] & Form2Bit) != 0;

    /// <summary>Where 2048 bytes of user data begin in a stored sector; -1 when it holds none.</summary>
    /// <param name="layout">What is stored.</param>
    /// <param name="stored">The stored bytes, not scrambled.</param>
    public static int FindData(SectorLayout layout, ReadOnlySpan<byte> stored) => layout switch
    {
        SectorLayout.Raw2352 => !HasSync(stored) ? -1 : DataOffset(ModeOf(stored)),
        SectorLayout.Header2340 => DataOffset(stored[3] & 3) is var offset and > 0 ? offset - Header : -1,
        SectorLayout.Subheader2056 or SectorLayout.Subheader2332 or SectorLayout.Mode2Data2336 => 8,
        _ => 0,
    };

    /// <summary>Makes a whole sector of a stored part.</summary>
    /// <param name="mode">Mode of the track, not sound.</param>
    /// <param name="layout">What is stored.</param>
    /// <param name="lba">Address of the sector.</param>
    /// <param name="stored">The stored bytes; empty for a sector without data.</param>
    /// <param name="sector">2352 bytes, to be filled.</param>
    public static void Build(
        TrackMode mode, SectorLayout layout, long lba, ReadOnlySpan<byte> stored, Span<byte> sector)
    {
        if (layout == SectorLayout.Raw2352 && !stored.IsEmpty)
        {
            stored[..Length].CopyTo(sector);
            return;
        }

        sector.Clear();
        Sync.CopyTo(sector);
        Msf.WriteHeader(lba, sector[Header..]);
        sector[15] = (byte)(mode == TrackMode.Mode2 ? 2 : 1);
        if (!stored.IsEmpty)
        {
            stored[..layout.Length()].CopyTo(sector[layout.Begin(mode)..]);
        }

        if (mode == TrackMode.Mode1)
        {
            WriteMode1Codes(sector);
            return;
        }

        bool isForm2 = layout is SectorLayout.Form2Data2324 or SectorLayout.Form2Checked2328;
        if (isForm2 || stored.IsEmpty || layout == SectorLayout.Data2048)
        {
            sector[18] = sector[22] = isForm2 ? Form2Bit : DataBit;
        }

        bool hasCodes =
            layout is SectorLayout.Mode2Data2336 or SectorLayout.Header2340 or SectorLayout.Form2Checked2328;
        if (stored.IsEmpty || !hasCodes)
        {
            WriteMode2Codes(sector);
        }
    }

    /// <summary>Writes the error correction code of a sector: that of Form 1 when its mode byte is 2, else that of
    /// Mode 1.</summary>
    /// <param name="sector">2352 bytes.</param>
    public static void WriteParity(Span<byte> sector)
    {
        if (sector[15] == 2)
        {
            WriteForm1Parity(sector);
        }
        else
        {
            Ecc.Generate(sector);
        }
    }

    /// <summary>Checks a whole sector against its codes, and corrects it if they allow.</summary>
    public static SectorState Check(Span<byte> sector)
    {
        if (!HasSync(sector))
        {
            return SectorState.NoData;
        }

        switch (ModeOf(sector))
        {
            case 1:
                return CheckWith(sector, 0, Mode1Edc, isForm1: false);
            case 2 when !sector.Slice(Subheader, 4).SequenceEqual(sector.Slice(Subheader + 4, 4)):
                // Mode 2 without subheaders has no codes.
                return SectorState.Good;
            case 2 when IsForm2(sector[Subheader..]):
                uint edc = BinaryPrimitives.ReadUInt32LittleEndian(sector[Form2Edc..]);
                return edc == 0 || edc == Edc.Compute(sector[Subheader..Form2Edc]) ? SectorState.Good : SectorState.Bad;
            case 2:
                return CheckWith(sector, Subheader, Form1Edc, isForm1: true);
            default:
                return SectorState.Good;
        }
    }

    /// <summary>Writes checksum and error correction of a Mode 1 sector, of which the rest is there.</summary>
    public static void WriteMode1Codes(Span<byte> sector)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(sector[Mode1Edc..], Edc.Compute(sector[..Mode1Edc]));
        Ecc.Generate(sector);
    }

    /// <summary>As <see cref="WriteMode1Codes"/>, for Form 1.</summary>
    public static void WriteForm1Codes(Span<byte> sector)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(sector[Form1Edc..], Edc.Compute(sector[Subheader..Form1Edc]));
        WriteForm1Parity(sector);
    }

    /// <summary>As <see cref="WriteMode1Codes"/>, for Form 2, which has a checksum only.</summary>
    public static void WriteForm2Codes(Span<byte> sector) => BinaryPrimitives.WriteUInt32LittleEndian(
        sector[Form2Edc..], Edc.Compute(sector[Subheader..Form2Edc]));

    private static int DataOffset(int mode) => mode switch
    {
        1 => Mode1Data,
        2 => Form1Data,
        _ => -1,
    };

    private static SectorState CheckWith(Span<byte> sector, int begin, int edc, bool isForm1)
    {
        if (IsRight(sector, begin, edc))
        {
            return SectorState.Good;
        }

        Span<byte> header = stackalloc byte[4];
        sector.Slice(Header, 4).CopyTo(header);
        if (isForm1)
        {
            sector.Slice(Header, 4).Clear();
        }

        bool corrected = Ecc.Correct(sector);
        if (isForm1)
        {
            header.CopyTo(sector[Header..]);
        }

        return corrected && IsRight(sector, begin, edc) ? SectorState.Correctable : SectorState.Bad;
    }

    private static bool IsRight(ReadOnlySpan<byte> sector, int begin, int edc) =>
        BinaryPrimitives.ReadUInt32LittleEndian(sector[edc..]) == Edc.Compute(sector[begin..edc]);

    private static void WriteMode2Codes(Span<byte> sector)
    {
        if (IsForm2(sector[Subheader..]))
        {
            WriteForm2Codes(sector);
        }
        else
        {
            WriteForm1Codes(sector);
        }
    }

    private static void WriteForm1Parity(Span<byte> sector)
    {
        Span<byte> header = stackalloc byte[4];
        sector.Slice(Header, 4).CopyTo(header);
        sector.Slice(Header, 4).Clear();
        Ecc.Generate(sector);
        header.CopyTo(sector[Header..]);
    }
}
