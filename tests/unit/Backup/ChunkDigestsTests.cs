using System.Security.Cryptography;
using Imaged.Backup;
using Xunit;

namespace Imaged.UnitTests.Backup;

/// <summary>Digests of chunks, and what a manifest has of them.</summary>
public sealed class ChunkDigestsTests
{
    [Fact]
    public void Runs_have_all_that_was_set_and_nothing_else()
    {
        ChunkDigests digests = new(3000);
        Assert.Empty(digests.ToRuns());
        Random random = new(7);
        SortedDictionary<int, byte[]> expected = [];
        for (int i = 0; i < 500; i++)
        {
            int chunk = random.Next(3000);
            expected[chunk] = SHA256.HashData(BitConverter.GetBytes(chunk));
            digests.Set(chunk, expected[chunk]);
        }

        foreach (int chunk in Enumerable.Range(1020, 10))
        {
            // Across the boundary between two runs.
            expected[chunk] = SHA256.HashData(BitConverter.GetBytes(chunk));
            digests.Set(chunk, expected[chunk]);
        }

        List<(int Chunk, byte[] Digest)> listed = [];
        foreach (ChunkRun run in digests.ToRuns())
        {
            Assert.InRange(run.Sha256.Length, 32, 32 * ChunkDigests.RunLength);
            listed.AddRange(run.Sha256.Chunk(32).Select((digest, i) => ((int)run.First + i, digest)));
        }

        Assert.Equal(expected.Keys, listed.Select(entry => entry.Chunk));
        Assert.All(listed, entry => Assert.Equal(expected[entry.Chunk], entry.Digest));
    }

    [Fact]
    public void The_digest_of_the_whole_is_that_of_all_digests_with_zeros_for_zero_chunks()
    {
        ChunkDigests digests = new(2050);
        byte[] all = new byte[2050 * 32];
        foreach (int chunk in (int[])[0, 5, 2049])
        {
            byte[] digest = SHA256.HashData([(byte)chunk]);
            digests.Set(chunk, digest);
            digest.CopyTo(all, chunk * 32);
        }

        Assert.Equal(SHA256.HashData(all), digests.HashAll());
        Assert.True(digests[1].IsEmpty);
        Assert.Equal(SHA256.HashData([5]), digests[5].ToArray());
    }
}
