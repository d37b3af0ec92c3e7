using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Imaged.Fuse.Abi;

/// <summary>A cursor over the bytes of one request. Nothing is read behind their end: a request that is too short makes
/// the calls return false.</summary>
internal ref struct ArgumentReader
{
    private ReadOnlySpan<byte> _rest;

    public ArgumentReader(ReadOnlySpan<byte> request)
    {
        _rest = request;
    }

    /// <summary>The next structure. The kernel's layout, so the bytes are taken as they are.</summary>
    public bool TryRead<T>(out T value)
        where T : unmanaged
    {
        if (_rest.Length < Unsafe.SizeOf<T>())
        {
            value = default;
            return false;
        }

        value = MemoryMarshal.Read<T>(_rest);
        _rest = _rest[Unsafe.SizeOf<T>()..];
        return true;
    }

    /// <summary>The next name: the bytes before a NUL, at least one of them.</summary>
    public bool TryReadName(out ReadOnlySpan<byte> name)
    {
        int length = _rest.IndexOf((byte)0);
        if (length < 1)
        {
            name = default;
            return false;
        }

        name = _rest[..length];
        _rest = _rest[(length + 1)..];
        return true;
    }
}
