using Imaged.TestKit;

namespace Imaged.Conformance.Discs;

/// <summary>A VideoCD that vcdxbuild makes: sectors of Form 1 and Form 2.</summary>
internal static class VideoDisc
{
    /// <summary>Makes <c>v.xml</c>, and by it <c>v.bin</c> and <c>v.cue</c>.</summary>
    public static void Make(TemporaryFolder folder)
    {
        Requires.Tool("vcdxgen", "vcdxbuild");
        File.WriteAllBytes(folder["a.mpg"], Movie(300));
        Tool.Shell($"""
            cd '{folder.Path}'
            vcdxgen -q -o v.xml a.mpg > log 2>&1
            vcdxbuild -q -i bincue -b v.bin -c v.cue v.xml > log 2>&1
            """);
    }

    // A stream of packs as ISO 11172-1 has them: enough of one for vcdxgen.
    private static byte[] Movie(int packs)
    {
        List<byte> movie = [];
        for (int i = 0; i < packs; i++)
        {
            long clock = i * 1200;
            List<byte> body = [.. Time(0x21, clock + 9000)];
            if (i == 0)
            {
                body.AddRange([0, 0, 1, 0xb3, 0x16, 0x01, 0x20, 0x83, 0x02, 0xce, 0xe0, 0x00]);
            }

            body.AddRange([0, 0, 1, 0xb8, 0, 8, 0, 0x40, 0, 0, 1, 0, 0, 8, 0xff, 0xff, 0xf8, 0, 0, 1, 1, 0x13, 0xf8]);
            int length = 2324 - 12 - 6;
            while (body.Count < length)
            {
                body.Add((byte)(1 + (body.Count % 200)));
            }

            movie.AddRange([0, 0, 1, 0xba, .. Time(0x21, clock), 0x80, 3528 >> 7, ((3528 << 1) & 0xfe) | 1]);
            movie.AddRange([0, 0, 1, 0xe0, (byte)(length >> 8), (byte)length, .. body]);
        }

        movie.RemoveRange(movie.Count - 4, 4);
        movie.AddRange([0, 0, 1, 0xb9]);
        return [.. movie];
    }

    private static byte[] Time(int flags, long clock) =>
    [
        (byte)(flags | (int)((clock >> 29) & 0xe)), (byte)(clock >> 22), (byte)((clock >> 14) | 1), (byte)(clock >> 7),
        (byte)((clock << 1) | 1),
    ];
}
