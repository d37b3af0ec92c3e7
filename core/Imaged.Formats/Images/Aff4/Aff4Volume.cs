using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Aff4;

/// <summary>A container: its members, what is said of them, and the streams that they make.</summary>
internal sealed class Aff4Volume : IDisposable
{
    /// <summary>Member with the statements.</summary>
    public const string Description = "information.turtle";

    // Maps may refer to maps.
    private const int MaxDepth = 4;

    private readonly Aff4Zip _zip;
    private readonly BlockCache _cache;
    private readonly string _address;
    private readonly Dictionary<string, BlockSource> _streams = new(StringComparer.Ordinal);

    /// <summary>Reads the directory and the statements.</summary>
    public Aff4Volume(BlockSource file, BlockCache cache)
    {
        _cache = cache;
        _zip = new Aff4Zip(file);
        byte[]? text = _zip.TryRead(Description);
        if (text is null)
        {
            ImageFormatException.Throw(Aff4Format.Info.Id, 0, $"there is no member '{Description}'");
        }

        Graph = Aff4Turtle.Read(text);
        byte[]? address = _zip.TryRead("container.description");
        _address = address is null ? _zip.Comment : Encoding.UTF8.GetString(address).TrimEnd('\0', '\r', '\n', ' ');
    }

    /// <summary>What is said.</summary>
    public Aff4Graph Graph { get; }

    /// <summary>The streams that were opened, by their addresses.</summary>
    public IReadOnlyDictionary<string, BlockSource> Streams => _streams;

    /// <summary>What wrote the file; null when it does not say.</summary>
    public string? Tool
    {
        get
        {
            string[] lines = Encoding.UTF8.GetString(_zip.TryRead("version.txt") ?? []).Split(['\r', '\n']);
            return lines.FirstOrDefault(line => line.StartsWith("tool=", StringComparison.Ordinal))?["tool=".Length..];
        }
    }

    /// <summary>Opens a part of a stream: a member below its address.</summary>
    /// <returns>Null when it is not there.</returns>
    public BlockSource? TryOpenMember(string stream, string member)
    {
        (string full, string relative) = NamesOf(stream, member);
        return _zip.TryOpen(full) ?? _zip.TryOpen(relative);
    }

    /// <summary>Reads a short member below the address of a stream.</summary>
    /// <returns>Null when it is not there.</returns>
    public byte[]? TryReadMember(string stream, string member)
    {
        (string full, string relative) = NamesOf(stream, member);
        return _zip.TryRead(full) ?? _zip.TryRead(relative);
    }

    /// <summary>The stream with an address; the same one each time. It belongs to the volume.</summary>
    /// <param name="address">Address of a map, a stream of chunks, or a symbol.</param>
    /// <param name="depth">How many maps lead to it.</param>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">It is of another kind, or not in this file.</exception>
    public BlockSource OpenStream(string address, int depth)
    {
        if (Aff4Symbol.TryFind(address) is { } symbol)
        {
            return symbol;
        }

        if (_streams.TryGetValue(address, out BlockSource? known))
        {
            return known;
        }

        if (depth > MaxDepth)
        {
            ImageFormatException.Throw(Aff4Format.Info.Id, 0, $"maps refer to maps more than {MaxDepth} deep");
        }

        if (Graph.Is(address, "EncryptedStream"))
        {
            UnsupportedFeatureException.Throw(Aff4Format.Info.Id, "encryption");
        }

        BlockSource stream = Graph.Is(address, "Map") ? Aff4Map.Open(this, address, depth)
            : Graph.Is(address, "ImageStream") ? new Aff4ImageStream(this, address, _cache)
            : throw new UnsupportedFeatureException(
                Aff4Format.Info.Id, $"a stream that this file does not hold (a striped image?), '{address}',");
        _streams.Add(address, stream);
        return stream;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (BlockSource stream in _streams.Values)
        {
            stream.Dispose();
        }
    }

    // Below the address of the volume names are relative; of others the beginning is one folder (AFF4 standard 1.0,
    // section 5).
    private (string Full, string Relative) NamesOf(string stream, string member)
    {
        string relative = _address.Length > 0 && stream.StartsWith(_address + "/", StringComparison.Ordinal)
            ? stream[(_address.Length + 1)..]
            : stream;
        string full = relative.Replace("://", "%3A%2F%2F", StringComparison.Ordinal);
        return ($"{full}/{member}", $"/{full}/{member}");
    }
}
