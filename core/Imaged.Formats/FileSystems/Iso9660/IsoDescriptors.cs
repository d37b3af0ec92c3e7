using System.Buffers.Binary;
using System.Numerics;
using Imaged.Blocks;

namespace Imaged.Formats.Iso9660;

/// <summary>The volume descriptors of one session (ECMA-119 8).</summary>
internal sealed class IsoDescriptors
{
    /// <summary>Length of a descriptor, and of the sectors that they stand in.</summary>
    public const int Length = 2048;

    /// <summary>Sector of the first descriptor, counted from the beginning of the session.</summary>
    public const int FirstSector = 16;

    // What has meaning in a descriptor; the end of it may be cut off.
    private const int MinLength = 1024;

    private const int MaxDescriptors = 100;
    private const int RootOffset = 156;
    private const int HighSierraRootOffset = 180;
    private const int MaxBlockSize = 32768;

    private IsoDescriptors(long session, byte[] primary, bool highSierra)
    {
        SessionSector = session;
        Primary = primary;
        IsHighSierra = highSierra;
        int blockSize = IsoRecord.Both16(primary.AsSpan(highSierra ? 136 : 128));
        BlockSizeIsBad = blockSize is < 512 or > MaxBlockSize || !BitOperations.IsPow2(blockSize);
        BlockSize = BlockSizeIsBad ? Length : blockSize;
    }

    /// <summary>First sector of the session.</summary>
    public long SessionSector { get; }

    /// <summary>The primary descriptor.</summary>
    public byte[] Primary { get; }

    /// <summary>The first supplementary descriptor with Joliet's escape sequences; null when there is none.</summary>
    public byte[]? Joliet { get; private set; }

    /// <summary>Joliet's level, 1 to 3; 0 when there is none.</summary>
    public int JolietLevel { get; private set; }

    /// <summary>The enhanced descriptor of ISO 9660:1999; null when there is none.</summary>
    public byte[]? Enhanced { get; private set; }

    /// <summary>Byte offset of the boot catalog; 0 when there is none.</summary>
    public long BootCatalog { get; private set; }

    /// <summary>Whether it is High Sierra, the forerunner of ISO 9660.</summary>
    public bool IsHighSierra { get; }

    /// <summary>Logical block size in bytes: the unit of all extents.</summary>
    public int BlockSize { get; }

    /// <summary>Whether the block size stored is none, and 2048 stands for it.</summary>
    public bool BlockSizeIsBad { get; }

    /// <summary>Blocks of the volume, as it says itself.</summary>
    public uint SpaceSize => IsoRecord.Both32(Primary.AsSpan(IsHighSierra ? 88 : 80));

    /// <summary>The root directory's record in the primary descriptor.</summary>
    public ReadOnlySpan<byte> PrimaryRoot => Root(Primary);

    /// <summary>The root directory's record in one of the descriptors.</summary>
    public ReadOnlySpan<byte> Root(byte[] descriptor) =>
        descriptor.AsSpan(IsHighSierra ? HighSierraRootOffset : RootOffset, IsoRecord.HeaderLength + 1);

    /// <summary>Reads the descriptors of the session that begins at <paramref name="sessionSector"/>.</summary>
    /// <returns>Null when there is no primary descriptor among the first hundred.</returns>
    public static IsoDescriptors? Read(BlockSource volume, long sessionSector)
    {
        IsoDescriptors? found = null;
        List<byte[]> others = [];
        byte[] sector = new byte[Length];
        for (int i = 0; i < MaxDescriptors; i++)
        {
            long offset = (sessionSector + FirstSector + i) * Length;
            sector.AsSpan().Clear();
            if (volume.ReadUpTo(offset, sector) < MinLength)
            {
                break;
            }

            bool highSierra = sector.AsSpan(9, 5).SequenceEqual("CDROM"u8);
            if (!highSierra && !sector.AsSpan(1, 5).SequenceEqual("CD001"u8))
            {
                // Descriptors of other standards may stand between them (ECMA-167 2/8, 2/9), nothing else.
                if (i > 0 && IsForeign(sector.AsSpan(1, 5)))
                {
                    continue;
                }

                break;
            }

            byte type = sector[highSierra ? 8 : 0];
            if (type == 255)
            {
                break;
            }

            if (type == 1 && found is null)
            {
                found = new(sessionSector, sector.AsSpan().ToArray(), highSierra);
            }
            else if (!highSierra && type is 0 or 2)
            {
                others.Add(sector.AsSpan().ToArray());
            }
        }

        others.ForEach(other => found?.Add(other));
        return found;
    }

    private static bool IsForeign(ReadOnlySpan<byte> id) =>
        id.SequenceEqual("BEA01"u8) || id.SequenceEqual("NSR02"u8) || id.SequenceEqual("NSR03"u8)
        || id.SequenceEqual("TEA01"u8) || id.SequenceEqual("BOOT2"u8) || id.SequenceEqual("CDW02"u8);

    private void Add(byte[] descriptor)
    {
        ReadOnlySpan<byte> escape = descriptor.AsSpan(88, 3);
        if (descriptor[0] == 0)
        {
            if (BootCatalog == 0 && descriptor.AsSpan(7, 23).SequenceEqual("EL TORITO SPECIFICATION"u8))
            {
                BootCatalog = (long)BinaryPrimitives.ReadUInt32LittleEndian(descriptor.AsSpan(71)) * Length;
            }
        }
        else if (escape[..2].SequenceEqual("%/"u8) && escape[2] is (byte)'@' or (byte)'C' or (byte)'E')
        {
            if (Joliet is null)
            {
                Joliet = descriptor;
                JolietLevel = escape[2] switch { (byte)'@' => 1, (byte)'C' => 2, _ => 3 };
            }
        }
        else if (descriptor[6] == 2)
        {
            Enhanced ??= descriptor;
        }
    }
}
