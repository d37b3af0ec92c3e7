using System.Globalization;
using Imaged.Daemon.Attachments;
using Imaged.Linux.Fuse;

namespace Imaged.Daemon.Metrics;

/// <summary>How much is read from images, in all, also from those that are gone: the sums never fall.
/// Thread-safe.</summary>
internal sealed class UsageCounter
{
    private const int SectorSize = 512; // in which the kernel counts, whatever the device's is

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ServingCounters> _base = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ServingCounters> _seen = new(StringComparer.Ordinal);
    private ServingCounters _gone;

    /// <summary>Begins to count an attachment. What its loop device has done for others before does not
    /// count.</summary>
    public void Begin(Attached attached)
    {
        lock (_lock)
        {
            _base[attached.Record.Id] = attached.Journal is null ? Read(attached) : default;
        }
    }

    /// <summary>Counts one for the last time, before its descriptors are closed.</summary>
    public void End(Attached attached)
    {
        lock (_lock)
        {
            _gone += Update(attached);
            _base.Remove(attached.Record.Id);
            _seen.Remove(attached.Record.Id);
        }
    }

    /// <summary>The sums of these and of all that are gone.</summary>
    public ServingCounters Sum(IEnumerable<Attached> attachments)
    {
        lock (_lock)
        {
            // One that ends meanwhile is among those that are gone already.
            return attachments.Where(a => _base.ContainsKey(a.Record.Id))
                .Aggregate(_gone, (sum, attached) => sum + Update(attached));
        }
    }

    // Threads count without looking at each other, so a number may have been a little higher before.
    private ServingCounters Update(Attached attached)
    {
        string id = attached.Record.Id;
        ServingCounters now = Read(attached);
        ServingCounters first = _base.GetValueOrDefault(id);
        ServingCounters seen = _seen.GetValueOrDefault(id);
        return _seen[id] = new(
            Math.Max(seen.Reads, now.Reads - first.Reads),
            Math.Max(seen.BytesRead, now.BytesRead - first.BytesRead),
            Math.Max(seen.Errors, now.Errors),
            Math.Max(seen.CacheHits, now.CacheHits),
            Math.Max(seen.CacheMisses, now.CacheMisses));
    }

    private static ServingCounters Read(Attached attached)
    {
        try
        {
            return attached.Journal is { IsClosed: false } journal
                ? ServingCounters.Read(journal)
                : attached.Record.Loop is { } number ? ReadLoop(number) : default;
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            return default; // it is just going: what was seen of it last counts
        }
    }

    // A loop device straight on the image: the kernel counts its reads (Documentation/block/stat.rst).
    private static ServingCounters ReadLoop(int number)
    {
        string path = FormattableString.Invariant($"/sys/block/loop{number}/stat");
        string[] fields = File.ReadAllText(path).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new(
            long.Parse(fields[0], CultureInfo.InvariantCulture),
            long.Parse(fields[2], CultureInfo.InvariantCulture) * SectorSize,
            0,
            0,
            0);
    }
}
