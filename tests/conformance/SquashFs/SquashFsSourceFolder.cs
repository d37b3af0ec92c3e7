using Imaged.Conformance.Ext;
using Imaged.TestKit;

namespace Imaged.Conformance.SquashFs;

/// <summary>The files that volumes are made from; made once, never changed.</summary>
public sealed class SquashFsSourceFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<string> _path;

    /// <summary>Makes nothing yet: a test may be skipped.</summary>
    public SquashFsSourceFolder()
    {
        _path = new Lazy<string>(Make);
    }

    /// <summary>Path of the folder with the files.</summary>
    public string Folder => _path.Value;

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private string Make()
    {
        Tool.Shell($$"""
            mkdir '{{_folder["source"]}}'
            cd '{{_folder["source"]}}'
            export FAR=20000000 MANY=2000
            . '{{ExtImage.Scripts}}/populate.sh'
            seq 400000 > dir/numbers
            (cd many && seq -f 'directory-%04g' 300 | xargs mkdir && seq -f 'directory-%04g/file' 300 | xargs touch)
            setfattr -n user.short -v hello size-1
            setfattr -n user.empty size-1
            setfattr -n trusted.secret -v 0x00ff10 size-1
            setfattr -n security.imaged -v label size-1
            for n in 59 60 61 100; do setfattr -n user.big -v "$(printf 'v%.0s' $(seq 500))" size-$n; done
            setfattr -h -n trusted.link -v onlink short-link
            setfattr -n user.dir -v ondir dir
            setfattr -h -n trusted.fifo -v onfifo fifo
            """);
        return _folder["source"];
    }
}
