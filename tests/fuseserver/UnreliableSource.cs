using System.Diagnostics;
using Imaged.Blocks;

namespace Imaged.FuseServer;

/// <summary>A source that takes its time, and one byte of which kills the process that reads it.</summary>
internal sealed class UnreliableSource : BlockSource
{
    private readonly BlockSource _inner;
    private readonly bool _delay;
    private readonly long _deadly;

    public UnreliableSource(BlockSource inner, bool delay, long deadly)
    {
        _inner = inner;
        _delay = delay;
        _deadly = deadly;
    }

    public override long Length => _inner.Length;

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset <= _deadly && offset + destination.Length > _deadly)
        {
            Process.GetCurrentProcess().Kill();
        }

        if (_delay)
        {
            // So that most of the time something is being served.
            Thread.Sleep(Random.Shared.Next(4));
        }

        _inner.Read(offset, destination);
    }
}
