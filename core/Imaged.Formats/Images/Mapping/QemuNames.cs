using System.Buffers;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Mapping;

/// <summary>How QEMU names formats and files inside images.</summary>
internal static class QemuNames
{
    private static readonly SearchValues<char> ProtocolLetters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-");

    /// <summary>The id of a format that an image records for its backing file; null when it records none.</summary>
    /// <exception cref="UnsupportedFeatureException">It is a format that imaged does not read.</exception>
    public static string? ToFormatId(string format, string? name) => name switch
    {
        null or "" => null,
        "vpc" => "vhd",
        "raw" or "qcow" or "qcow2" or "qed" or "vdi" or "vmdk" or "vhdx" => name,
        "parallels" or "bochs" or "cloop" or "dmg" => name,

        // A block device or file that is named as such is read as it is.
        "file" or "host_device" => "raw",
        _ => throw new UnsupportedFeatureException(format, $"a backing file in the format '{name}'"),
    };

    /// <summary>Refuses names that are no file names: QEMU takes <c>nbd:…</c> for an address.</summary>
    /// <exception cref="UnsupportedFeatureException">It is none.</exception>
    public static void CheckFileName(string format, string name)
    {
        int colon = name.IndexOf(':');
        if (colon > 0 && !name.AsSpan(0, colon).ContainsAnyExcept(ProtocolLetters))
        {
            throw new UnsupportedFeatureException(format, $"the backing file '{name}', which is no file name,");
        }
    }
}
