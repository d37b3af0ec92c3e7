using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Qcow2;

/// <summary>What stands behind the header in the first cluster: header extensions, and the backing file's
/// name.</summary>
internal sealed class Qcow2Extensions
{
    private const uint BackingFormatType = 0xe2792aca;
    private const uint FeatureNamesType = 0x6803f857;
    private const uint BitmapsType = 0x23852875;
    private const uint DataFileType = 0x44415441;
    private const int FeatureNameLength = 48;

    private readonly List<(byte Class, byte Bit, string Name)> _featureNames = [];

    private Qcow2Extensions()
    {
    }

    /// <summary>Name of the backing file as recorded; null for none.</summary>
    public string? BackingName { get; private set; }

    /// <summary>QEMU's name of the backing file's format; null when it is not recorded.</summary>
    public string? BackingFormat { get; private set; }

    /// <summary>Name of the external data file as recorded; null for none.</summary>
    public string? DataFile { get; private set; }

    /// <summary>Number of dirty bitmaps.</summary>
    public uint BitmapCount { get; private set; }

    /// <summary>The extension that tells where the manifest of a backup stands; null for none.</summary>
    public byte[]? Manifest { get; private set; }

    /// <summary>Parses them. Unknown ones may be ignored, by the specification.</summary>
    /// <exception cref="ImageFormatException">One leaves the first cluster.</exception>
    /// <exception cref="UnsupportedFeatureException">The image has an incompatible feature that is not
    /// known.</exception>
    public static Qcow2Extensions Parse(BlockSource file, Qcow2Header header)
    {
        Qcow2Extensions extensions = new();
        byte[] cluster = new byte[(int)Math.Min(header.ClusterLength, file.Length)];
        file.Read(0, cluster);
        int end = cluster.Length;
        if (header.BackingOffset != 0)
        {
            if (header.BackingOffset > cluster.Length - header.BackingLength)
            {
                Qcow2Format.Throw(8, "the backing file's name is not inside the file");
            }

            extensions.BackingName = Text(cluster.AsSpan((int)header.BackingOffset, header.BackingLength));
            end = (int)header.BackingOffset;
        }

        extensions.ParseAll(cluster, header.HeaderLength, end);
        ulong unknown = (ulong)(header.Features & ~Qcow2Features.Known);
        if (unknown != 0)
        {
            int bit = System.Numerics.BitOperations.TrailingZeroCount(unknown);
            string name = extensions._featureNames.Find(f => f.Class == 0 && f.Bit == bit).Name ?? "unnamed";
            throw new UnsupportedFeatureException(Qcow2Format.Info.Id, $"incompatible feature {bit} ({name})");
        }

        return extensions;
    }

    private static string Text(ReadOnlySpan<byte> raw) => Encoding.UTF8.GetString(raw.TrimEnd((byte)0));

    private void ParseAll(ReadOnlySpan<byte> cluster, int offset, int end)
    {
        while (offset <= end - 8)
        {
            uint type = BinaryPrimitives.ReadUInt32BigEndian(cluster[offset..]);
            uint length = BinaryPrimitives.ReadUInt32BigEndian(cluster[(offset + 4)..]);
            if (type == 0)
            {
                return;
            }

            if (length > (uint)(end - offset - 8))
            {
                Qcow2Format.Throw(offset + 4, $"a header extension of {length} bytes leaves the first cluster");
            }

            Parse(type, cluster.Slice(offset + 8, (int)length));
            offset += 8 + (((int)length + 7) & ~7);
        }
    }

    private void Parse(uint type, ReadOnlySpan<byte> data)
    {
        switch (type)
        {
            case BackingFormatType:
                BackingFormat = Text(data);
                break;
            case DataFileType:
                DataFile = Text(data);
                break;
            case Qcow2Manifest.ExtensionType:
                Manifest = data.ToArray();
                break;
            case BitmapsType when data.Length >= 4:
                BitmapCount = BinaryPrimitives.ReadUInt32BigEndian(data);
                break;
            case FeatureNamesType:
                for (int i = 0; i <= data.Length - FeatureNameLength; i += FeatureNameLength)
                {
                    _featureNames.Add((data[i], data[i + 1], Text(data.Slice(i + 2, FeatureNameLength - 2))));
                }

                break;
        }
    }
}
