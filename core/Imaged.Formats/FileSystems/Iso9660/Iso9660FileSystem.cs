using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Iso9660;

/// <summary>ISO 9660 with Joliet, Rock Ridge, zisofs, El Torito, and its forerunner High Sierra.</summary>
internal sealed class Iso9660FileSystem : IFileSystem
{
    /// <summary>Id of the file system.</summary>
    public const string Id = "iso9660";

    /// <inheritdoc/>
    public static Model.FileSystemInfo Info { get; } =
        new(Id, "ISO 9660, Joliet, Rock Ridge, High Sierra", CanRead: true);

    /// <inheritdoc/>
    public static VolumeInfo? Probe(BlockSource volume) =>
        IsoDescriptors.Read(volume, 0) is { } descriptors
            ? IsoDetails.Describe(
                volume, descriptors, IsoTreeChoice.Find(volume, descriptors), IsoSessions.Find(volume))
            : null;

    /// <inheritdoc/>
    public static FileTree Open(BlockSource volume, FileTreeOptions options)
    {
        List<IsoDescriptors> sessions = IsoSessions.Find(volume);
        if (sessions.Count == 0)
        {
            ImageFormatException.Throw(
                Id, IsoDescriptors.FirstSector * IsoDescriptors.Length, "there is no primary volume descriptor");
        }

        int session = options.Session ?? sessions.Count;
        if (session < 1 || session > sessions.Count)
        {
            UnsupportedFeatureException.Throw(Id, $"session {session} of a volume with {sessions.Count}");
        }

        IsoDescriptors descriptors = sessions[session - 1];
        List<IsoTreeChoice> trees = IsoTreeChoice.Find(volume, descriptors);
        if (options.Extensions is { } name)
        {
            int chosen = trees.FindIndex(tree => tree.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (chosen < 0)
            {
                string names = string.Join(", ", trees.Select(tree => tree.Name));
                UnsupportedFeatureException.Throw(Id, $"'{name}' names on this volume, which has {names},");
            }

            IsoTreeChoice first = trees[chosen];
            trees.RemoveAt(chosen);
            trees.Insert(0, first);
        }

        VolumeInfo info = IsoDetails.Describe(volume, descriptors, trees, sessions);
        return new Iso9660Tree(info, trees[0], options.Cache);
    }
}
