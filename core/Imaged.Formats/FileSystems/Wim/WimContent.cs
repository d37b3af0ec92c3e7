namespace Imaged.Formats.Wim;

/// <summary>Which of the streams without a name are what.</summary>
/// <param name="Data">The content of the file.</param>
/// <param name="Reparse">The data of the reparse point.</param>
internal readonly record struct WimContent(WimDigest Data, WimDigest Reparse)
{
    /// <summary>Of a reparse point the first such stream is its data, the next one the content. A stream in the entry
    /// itself that has no digest is there only because every entry has a place for one.</summary>
    public static WimContent Of(WimEntry entry)
    {
        WimDigest? data = null;
        WimDigest? reparse = null;
        for (int i = 0; i < entry.Streams.Length; i++)
        {
            WimStream stream = entry.Streams[i];
            if (stream.Name.Length > 0 || (i == 0 && stream.Digest.IsNone))
            {
                continue;
            }

            if (entry.IsReparsePoint && reparse is null)
            {
                reparse = stream.Digest;
            }
            else
            {
                data ??= stream.Digest;
            }
        }

        return new(data ?? default, reparse ?? default);
    }
}
