using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Formats.Optical;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Discs;

/// <summary>A hand-made image in a folder of its own, opened.</summary>
internal sealed class HandMade : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private FolderFiles? _files;

    /// <summary>The image, after <see cref="Open"/>.</summary>
    public DiskImage Image { get; private set; } = null!;

    /// <summary>Its disc.</summary>
    public Disc Disc => Image.Disc!;

    /// <summary>Path of a file of the image.</summary>
    public string this[string name] => _folder[name];

    /// <summary>Writes files and opens the first.</summary>
    public static HandMade Of(string? format, params (string Name, byte[] Bytes)[] files) => Of(format, null, files);

    /// <summary>Writes files and opens the first with a password.</summary>
    public static HandMade Of(string? format, byte[]? password, params (string Name, byte[] Bytes)[] files)
    {
        HandMade made = new();
        try
        {
            foreach ((string name, byte[] bytes) in files)
            {
                File.WriteAllBytes(made[name], bytes);
            }

            made.Open(files[0].Name, format, password);
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>Opens an image without finding out its format, and throws what that throws.</summary>
    public static void Try(string? format, params (string Name, byte[] Bytes)[] files)
    {
        using HandMade made = Of(format, files);
    }

    /// <summary>Damages the first of the files in many ways: each time the image opens, or fails with a named
    /// error.</summary>
    public static void Damage(string format, params (string Name, byte[] Bytes)[] files)
    {
        using HandMade made = Of(format, files);
        FormatEntry entry = ImageFormats.Find(format)!;
        using MemorySource first = new(files[0].Bytes);
        HostileInput.Try(first, source =>
        {
            using DiskImage image = entry.Open(new(source, files[0].Name, made._files, new BlockCache(1 << 20)));
            HostileInput.Allow(() => image.Content.ReadBytes(0, (int)Math.Min(image.Content.Length, 1 << 16)));
            if (image.Disc is { } disc)
            {
                using BlockSource stream = DiscStream.Open(disc);
                HostileInput.Allow(() => stream.ReadBytes(0, (int)Math.Min(stream.Length, 1 << 16)));
            }
        });
    }

    /// <summary>The data of a track.</summary>
    public byte[] Data(int track)
    {
        using BlockSource source = DiscVolume.OpenTrack(Disc.FindTrack(track)!);
        return source.ReadBytes(0, (int)source.Length);
    }

    /// <summary>The whole sectors of a track from index 1 on.</summary>
    public byte[] Sectors(int track)
    {
        using BlockSource source = DiscStream.OpenBody(Disc.FindTrack(track)!);
        return source.ReadBytes(0, (int)source.Length);
    }

    /// <summary>The content.</summary>
    public byte[] Content() => Image.Content.ReadBytes(0, (int)Image.Content.Length);

    /// <summary>A file of the ISO 9660 volume in the content.</summary>
    public byte[] ReadFile(string path)
    {
        using FileTree tree = FileSystems.Open(Image.Content, "iso9660", new(new BlockCache(1 << 20)));
        return TreeWalk.ReadFile(tree, path);
    }

    /// <summary>What a program writes to a file when it is given the image.</summary>
    /// <param name="program">The program, with <c>IN</c> and <c>OUT</c> for the two files.</param>
    /// <param name="name">The file of the image.</param>
    public byte[] Extract(string program, string name)
    {
        Requires.Tool(program.Split(' ')[0]);
        Tool.Shell(
            program.Replace("IN", $"'{this[name]}'").Replace("OUT", $"'{this["out"]}'")
            + " > /dev/null 2>&1 < /dev/null");
        return File.ReadAllBytes(this["out"]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Image?.Dispose();
        _files?.Dispose();
        _folder.Dispose();
    }

    private void Open(string name, string? format, byte[]? password)
    {
        _files = new FolderFiles(_folder.Path, name);
        Image =
            ImageFormats.Open(new(_files.First, name, _files, new BlockCache(1 << 20)) { Password = password }, format);
        if (format is null)
        {
            Assert.NotEqual("raw", Image.Format.Id);
        }
    }
}
