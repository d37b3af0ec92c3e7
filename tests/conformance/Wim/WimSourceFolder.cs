using Imaged.TestKit;

namespace Imaged.Conformance.Wim;

/// <summary>The files that images are made from; made once, never changed.</summary>
public sealed class WimSourceFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<string> _path;

    /// <summary>Makes nothing yet: a test may be skipped.</summary>
    public WimSourceFolder()
    {
        _path = new Lazy<string>(Make);
    }

    /// <summary>Path of the folder with the files.</summary>
    public string Folder => _path.Value;

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    // Programs are there for the filter of call targets; random bytes for chunks that are stored. Times are whole
    // seconds.
    private string Make()
    {
        Tool.Shell($$"""
            mkdir -p '{{_folder["source"]}}'
            cd '{{_folder["source"]}}'
            mkdir -p dir/sub/deep many 'name with ümlaut'
            cp "$(command -v bash)" dir/program
            seq 200000 > dir/numbers
            head -c 300000 /dev/urandom > dir/random
            head -c 1000000 /dev/zero > dir/zero
            (seq 3000; head -c 40000 /dev/urandom; seq 9000) > dir/sub/mixed
            for n in 1 2 9 10 11 4095 4096 4097 32767 32768 32769 65536 65537; do
                head -c $n dir/program > size-$n
            done
            : > empty
            ln -s dir/numbers short
            ln -s /usr/bin/env absolute
            ln -s ../nowhere dir/broken
            ln dir/numbers dir/sub/deep/hard
            chmod 600 size-1
            chmod 4755 size-2
            chown 1000:100 size-9
            mkfifo fifo
            mknod null c 1 3
            (cd many && seq -f 'a-name-of-some-length-%04g' 500 | xargs touch)
            find . -exec touch -h -d @1700000000 {} +
            """);
        return _folder["source"];
    }
}
