using Imaged.Formats.Model;
using Imaged.Fuse.Abi;

namespace Imaged.Fuse.Session;

/// <summary>The reply to a READDIR or READDIRPLUS request while it is being filled.</summary>
public unsafe ref struct DirectoryReply
{
    private readonly byte* _buffer;
    private readonly int _capacity;
    private readonly bool _plus;

    internal DirectoryReply(byte* buffer, int capacity, bool plus)
    {
        _buffer = buffer;
        _capacity = capacity;
        _plus = plus;
    }

    /// <summary>Bytes filled.</summary>
    public int Length { get; private set; }

    /// <summary>Adds an entry.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="node">What it stands for; an id of 0 says that only the type and the inode number are
    /// known.</param>
    /// <param name="nextOffset">Where to go on behind it.</param>
    /// <returns>Whether there was room.</returns>
    public bool TryAdd(ReadOnlySpan<byte> name, in NodeInfo node, long nextOffset)
    {
        int fixedLength = sizeof(FuseDirent) + (_plus ? sizeof(FuseEntryOut) : 0);
        int length = (fixedLength + name.Length + 7) & ~7;
        if (length > _capacity - Length)
        {
            return false;
        }

        byte* at = _buffer + Length;
        if (_plus)
        {
            if (node.Id == 0)
            {
                *(FuseEntryOut*)at = default;
            }
            else
            {
                AttributeEncoder.Encode(node, out *(FuseEntryOut*)at);
            }

            at += sizeof(FuseEntryOut);
        }

        *(FuseDirent*)at = new()
        {
            Inode = AttributeEncoder.InodeOf(node),
            NextOffset = nextOffset,
            NameLength = (uint)name.Length,
            Type = (uint)node.Type >> 12,
        };
        Span<byte> rest = new(at + sizeof(FuseDirent), length - fixedLength);
        name.CopyTo(rest);
        rest[name.Length..].Clear();
        Length += length;
        return true;
    }
}
