using Imaged.Blocks;

namespace Imaged.Formats.Iso9660;

/// <summary>One of the trees of a volume.</summary>
/// <param name="Layout">How its records are read.</param>
/// <param name="Root">Its root directory, from the descriptor.</param>
/// <param name="RootSystemUseSkip">As <see cref="IsoLayout.SystemUseSkip"/>, for the root's record of itself.</param>
/// <param name="IsPlausible">Whether the root directory begins with its record of itself.</param>
/// <param name="Title">Its name for people.</param>
internal sealed record IsoTreeChoice(
    IsoLayout Layout, IsoDirectory Root, int RootSystemUseSkip, bool IsPlausible, string Title)
{
    // How far to look for the root directory of a volume whose first blocks are missing.
    private const int MaxSearchedBlocks = 1024;

    // Length of the XA attributes that may stand before Rock Ridge's entries, and where their signature is.
    private const int XaLength = 14;
    private const int XaSignature = 6;

    /// <summary>The name to choose it by.</summary>
    public string Name => Layout.Scheme switch
    {
        IsoScheme.RockRidge => "rockridge",
        IsoScheme.Joliet => "joliet",
        IsoScheme.Enhanced => "enhanced",
        IsoScheme.Plain => "plain",
        _ => throw new InvalidOperationException("unknown scheme"),
    };

    /// <summary>All trees of a session, the best names first.</summary>
    public static List<IsoTreeChoice> Find(BlockSource volume, IsoDescriptors descriptors)
    {
        long shift = FindShift(volume, descriptors);
        IsoTreeChoice Choose(IsoScheme scheme, byte[] descriptor, string title)
        {
            IsoLayout layout = new(volume, descriptors.BlockSize, shift, descriptors.IsHighSierra, scheme, 0);
            _ = IsoRecord.TryParse(RootRecord(descriptors, descriptor), descriptors.IsHighSierra, out IsoRecord root);
            IsoDirectory directory = layout.DirectoryOf(root);
            return new(layout, directory, 0, IsDirectory(layout, directory.Offset), title);
        }

        IsoTreeChoice plain = Choose(
            IsoScheme.Plain, descriptors.Primary, descriptors.IsHighSierra ? "High Sierra" : "ISO 9660");
        List<IsoTreeChoice> all = [];
        if (!descriptors.IsHighSierra && FindRockRidge(plain) is { } rockRidge)
        {
            all.Add(rockRidge);
        }

        if (descriptors.Joliet is { } joliet)
        {
            all.Add(Choose(IsoScheme.Joliet, joliet, $"Joliet level {descriptors.JolietLevel}"));
        }

        if (descriptors.Enhanced is { } enhanced)
        {
            all.Add(Choose(IsoScheme.Enhanced, enhanced, "ISO 9660:1999"));
        }

        all.Add(plain);
        return [.. all.OrderByDescending(choice => choice.IsPlausible)];
    }

    /// <summary>Whether a directory's record of itself stands at <paramref name="offset"/>.</summary>
    public static bool IsDirectory(IsoLayout layout, long offset)
    {
        Span<byte> raw = stackalloc byte[IsoRecord.HeaderLength + 1];
        return TryReadSelf(layout, offset, raw, out IsoRecord self) && self.IsDirectory;
    }

    /// <summary>Whether a directory that says that it stands at <paramref name="block"/> stands there.</summary>
    public static bool NamesItself(IsoLayout layout, long block)
    {
        Span<byte> raw = stackalloc byte[IsoRecord.HeaderLength + 1];
        return TryReadSelf(layout, layout.OffsetOf(block), raw, out IsoRecord self)
            && self.IsDirectory && self.Extent == block;
    }

    /// <summary>Reads the beginning of a directory's record of itself.</summary>
    /// <param name="layout">How.</param>
    /// <param name="offset">Byte offset of the directory.</param>
    /// <param name="raw">Room for the 34 bytes of a record without system use area, or more.</param>
    /// <param name="self">The record.</param>
    public static bool TryReadSelf(IsoLayout layout, long offset, Span<byte> raw, out IsoRecord self)
    {
        self = default;
        if (offset < 0 || offset > layout.Volume.Length - raw.Length)
        {
            return false;
        }

        layout.Volume.Read(offset, raw);
        if (raw[0] > raw.Length)
        {
            raw[0] = (byte)raw.Length;
        }

        return IsoRecord.TryParse(raw, layout.IsHighSierra, out self) && self.IsSelf;
    }

    // The descriptor's copy has room for a record without system use area, whatever its length says.
    private static byte[] RootRecord(IsoDescriptors descriptors, byte[] descriptor)
    {
        byte[] raw = descriptors.Root(descriptor).ToArray();
        raw[0] = (byte)raw.Length;
        raw[32] = 1;
        return raw;
    }

    // A later session of a disc that was copied alone counts its blocks from the beginning of the disc: its root
    // directory is found where a directory names itself by the block that the descriptor says.
    private static long FindShift(BlockSource volume, IsoDescriptors descriptors)
    {
        IsoLayout layout = new(
            volume, descriptors.BlockSize, 0, descriptors.IsHighSierra, IsoScheme.Plain, 0);
        _ = IsoRecord.TryParse(
            RootRecord(descriptors, descriptors.Primary), descriptors.IsHighSierra, out IsoRecord root);
        long rootOffset = layout.OffsetOf(root.Extent);
        if (rootOffset < volume.Length && IsDirectory(layout, rootOffset))
        {
            return 0;
        }

        Span<byte> raw = stackalloc byte[IsoRecord.HeaderLength + 1];
        long first =
            (descriptors.SessionSector + IsoDescriptors.FirstSector) * IsoDescriptors.Length / layout.BlockSize;
        for (long block = first; block < first + MaxSearchedBlocks; block++)
        {
            if (TryReadSelf(layout, layout.OffsetOf(block), raw, out IsoRecord self)
                && self.IsDirectory && self.Extent == root.Extent && block < root.Extent)
            {
                return root.Extent - block;
            }
        }

        return 0;
    }

    // SUSP 5.3: an SP entry at the beginning says how much to skip elsewhere. Old discs lack it.
    private static IsoTreeChoice? FindRockRidge(IsoTreeChoice plain)
    {
        if (!plain.IsPlausible)
        {
            return null;
        }

        Span<byte> raw = stackalloc byte[255];
        int count = plain.Layout.Volume.ReadUpTo(plain.Root.Offset, raw);
        if (!IsoRecord.TryParse(raw[..count], highSierra: false, out IsoRecord self))
        {
            return null;
        }

        ReadOnlySpan<byte> area = self.SystemUse;
        int begin = area.Length >= XaLength && area.Slice(XaSignature, 2).SequenceEqual("XA"u8) ? XaLength : 0;
        bool hasSp = area.Length >= begin + 7 && area.Slice(begin, 2).SequenceEqual("SP"u8)
            && area[begin + 4] == 0xBE && area[begin + 5] == 0xEF;
        IsoNode node = new();
        RockRidgeReader.Read(plain.Layout, area[Math.Min(begin, area.Length)..], node);
        if (!node.Rock.HasMode && !node.Rock.IsAnnounced)
        {
            return null;
        }

        return plain with
        {
            Layout = plain.Layout with { Scheme = IsoScheme.RockRidge, SystemUseSkip = hasSp
                ? area[begin + 6]
                : begin },
            RootSystemUseSkip = begin,
            Title = node.Rock.Version is { } version ? $"Rock Ridge {version}" : "Rock Ridge",
        };
    }
}
