using Microsoft.Win32.SafeHandles;

namespace Imaged.Ipc.Varlink;

/// <summary>A reply. Descriptors that are not taken are closed when it is disposed of.</summary>
/// <typeparam name="T">Record of the content.</typeparam>
public sealed class VarlinkReply<T> : IDisposable
{
    private readonly List<SafeFileHandle> _descriptors;
    private readonly bool[] _taken;

    internal VarlinkReply(T value, bool continues, List<SafeFileHandle> descriptors)
    {
        Value = value;
        Continues = continues;
        _descriptors = descriptors;
        _taken = new bool[descriptors.Count];
    }

    /// <summary>The content.</summary>
    public T Value { get; }

    /// <summary>Whether others follow.</summary>
    public bool Continues { get; }

    /// <summary>How many descriptors came along.</summary>
    public int DescriptorCount => _descriptors.Count;

    /// <summary>Takes a descriptor; it belongs to the caller from now on.</summary>
    /// <exception cref="VarlinkProtocolException">There is none of that index, or it was taken before.</exception>
    public SafeFileHandle TakeDescriptor(int index)
    {
        if (index < 0 || index >= _descriptors.Count || _taken[index])
        {
            throw new VarlinkProtocolException($"the reply has no descriptor {index}");
        }

        _taken[index] = true;
        return _descriptors[index];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int i = 0; i < _taken.Length; i++)
        {
            if (!_taken[i])
            {
                _descriptors[i].Dispose();
            }
        }
    }
}
