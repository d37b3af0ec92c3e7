using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;

namespace Imaged.Formats.Images.Dmg;

/// <summary>Computes a checksum of one of the kinds that UDIF knows.</summary>
internal sealed class DmgHash : IDisposable
{
    private readonly Crc32? _crc;
    private readonly IncrementalHash? _hash;

    private DmgHash(string name, Crc32? crc, IncrementalHash? hash)
    {
        Name = name;
        _crc = crc;
        _hash = hash;
    }

    /// <summary>Its kind, for people.</summary>
    public string Name { get; }

    /// <summary>Makes one for a stored checksum; null when there is none, or it is of a kind that nobody
    /// described.</summary>
    public static DmgHash? TryCreate(DmgChecksum checksum) => (checksum.Type, checksum.Bits) switch
    {
        (2, 32) => new("CRC-32", new Crc32(), null),
        (4, 128) => Cryptographic(HashAlgorithmName.MD5),
        (5 or 6, 160) => Cryptographic(HashAlgorithmName.SHA1),
        (7, 256) => Cryptographic(HashAlgorithmName.SHA256),
        (8, 384) => Cryptographic(HashAlgorithmName.SHA384),
        (9, 512) => Cryptographic(HashAlgorithmName.SHA512),
        _ => null,
    };

    /// <summary>More bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        _crc?.Append(bytes);
        _hash?.AppendData(bytes);
    }

    /// <summary>The checksum as it is stored.</summary>
    public byte[] Finish()
    {
        if (_crc is null)
        {
            return _hash!.GetHashAndReset();
        }

        byte[] value = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(value, _crc.GetCurrentHashAsUInt32());
        return value;
    }

    /// <inheritdoc/>
    public void Dispose() => _hash?.Dispose();

    private static DmgHash Cryptographic(HashAlgorithmName algorithm) =>
        new(algorithm.Name!, null, IncrementalHash.CreateHash(algorithm));
}
