using System.Security.Cryptography;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Aff4;

/// <summary>Checks the digests of a container (AFF4 standard 1.0, section 6): those of whole streams, and those of the
/// members of maps. Digests of single chunks are not compared.</summary>
internal static class Aff4Check
{
    private const int BufferLength = 1 << 20;

    private static readonly (string Property, string Member)[] s_mapMembers =
    [
        ("mapPointHash", Aff4Map.EntriesMember),
        ("mapIdxHash", Aff4Map.TargetsMember),
        ("mapPathHash", Aff4Map.PathMember),
    ];

    /// <summary>Reads all streams that have a digest.</summary>
    /// <param name="volume">The container.</param>
    /// <param name="image">Address of the disk.</param>
    /// <param name="stream">Address of the stream that has its bytes.</param>
    /// <param name="check">Gets what is found.</param>
    public static void Run(Aff4Volume volume, string image, string stream, ImageCheck check)
    {
        foreach ((string address, BlockSource source) in volume.Streams)
        {
            IEnumerable<Aff4Value> digests = volume.Graph.Values(address, "hash");
            if (address == stream)
            {
                digests = digests.Concat(volume.Graph.Values(image, "hash"));
            }

            string what = address == stream ? "the disk" : "the stored chunks";
            CheckStream(source, what, digests, check);
            if (source is Aff4Map)
            {
                CheckMap(volume, address, check);
            }
        }
    }

    private static void CheckStream(
        BlockSource source, string what, IEnumerable<Aff4Value> digests, ImageCheck check)
    {
        (Aff4Value Digest, HashAlgorithmName Algorithm)[] known = [.. digests
            .Select(digest => (digest, AlgorithmOf(digest.Type)))
            .Where(pair => pair.Item2 is not null)
            .Select(pair => (pair.digest, pair.Item2!.Value))];
        if (known.Length == 0)
        {
            return;
        }

        IncrementalHash[] hashes = [.. known.Select(pair => IncrementalHash.CreateHash(pair.Algorithm))];
        byte[] buffer = new byte[BufferLength];
        check.Begin("digests", source.Length);
        for (long offset = 0; offset < source.Length;)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, source.Length - offset));
            source.Read(offset, part);
            foreach (IncrementalHash hash in hashes)
            {
                hash.AppendData(part);
            }

            check.Advance(part.Length);
            offset += part.Length;
        }

        for (int i = 0; i < known.Length; i++)
        {
            Compare($"{known[i].Algorithm} of {what}", hashes[i].GetHashAndReset(), known[i].Digest.Text, check);
            hashes[i].Dispose();
        }
    }

    private static void CheckMap(Aff4Volume volume, string address, ImageCheck check)
    {
        foreach ((string property, string member) in s_mapMembers)
        {
            foreach (Aff4Value digest in volume.Graph.Values(address, property))
            {
                if (AlgorithmOf(digest.Type) is { } algorithm)
                {
                    byte[] actual = HashMember(volume, address, member, algorithm);
                    Compare($"{algorithm} of '{member}'", actual, digest.Text, check);
                }
            }
        }
    }

    private static byte[] HashMember(Aff4Volume volume, string address, string member, HashAlgorithmName algorithm)
    {
        using BlockSource? source = volume.TryOpenMember(address, member);
        using IncrementalHash hash = IncrementalHash.CreateHash(algorithm);
        byte[] buffer = new byte[BufferLength];
        for (long offset = 0; offset < (source?.Length ?? 0); offset += buffer.Length)
        {
            int count = source!.ReadUpTo(offset, buffer);
            hash.AppendData(buffer, 0, count);
        }

        return hash.GetHashAndReset();
    }

    // Other types are those of digests of digests.
    private static HashAlgorithmName? AlgorithmOf(string type) => type switch
    {
        Aff4Graph.Schema + "MD5" => HashAlgorithmName.MD5,
        Aff4Graph.Schema + "SHA1" => HashAlgorithmName.SHA1,
        Aff4Graph.Schema + "SHA256" => HashAlgorithmName.SHA256,
        Aff4Graph.Schema + "SHA512" => HashAlgorithmName.SHA512,
        _ => null,
    };

    private static void Compare(string what, byte[] actual, string expected, ImageCheck check)
    {
        string found = Convert.ToHexStringLower(actual);
        if (found.Equals(expected, StringComparison.OrdinalIgnoreCase))
        {
            check.Confirm(what);
        }
        else
        {
            check.Report(null, $"the {what} is {found}, not {expected}");
        }
    }
}
