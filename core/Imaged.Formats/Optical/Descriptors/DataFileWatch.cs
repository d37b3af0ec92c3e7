using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Descriptors;

/// <summary>The files beside an image, with an eye on whether one of them, which is open already, is asked
/// for.</summary>
/// <param name="files">The files; they stay the caller's.</param>
/// <param name="name">Name of the open file.</param>
/// <param name="content">Its bytes.</param>
internal sealed class DataFileWatch(HostFiles files, string name, BlockSource content) : HostFiles
{
    /// <summary>Whether the open file was asked for.</summary>
    public bool IsUsed { get; private set; }

    /// <inheritdoc/>
    public override IReadOnlyList<HostFile> Opened => files.Opened;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ListSiblings() => files.ListSiblings();

    /// <inheritdoc/>
    protected override bool TryOpenCore(string wanted, out BlockSource source)
    {
        if (!wanted.Equals(name, StringComparison.Ordinal))
        {
            return files.TryOpen(wanted, out source);
        }

        IsUsed = true;
        source = content;
        return true;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
