using System.Collections.Concurrent;
using Imaged.Blocks;
using Imaged.Linux;

namespace Imaged.TestKit.Contracts;

/// <summary>The contract on a volume that a program makes: once for all tests of a class.</summary>
public abstract class MadeTreeContract : FileTreeContract
{
    private static readonly ConcurrentDictionary<Type, Lazy<TemporaryFolder>> Folders = new();

    /// <summary>The programs that make it.</summary>
    protected abstract string[] Tools { get; }

    /// <summary>Makes the volume <c>image</c> in a folder.</summary>
    protected abstract void Make(TemporaryFolder folder);

    /// <inheritdoc/>
    protected sealed override BlockSource OpenVolume()
    {
        Requires.Tool(Tools);
        return FileSource.Open(Folders.GetOrAdd(GetType(), _ => new(MakeFolder)).Value["image"]);
    }

    private TemporaryFolder MakeFolder()
    {
        TemporaryFolder folder = new();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        Make(folder);
        return folder;
    }
}
