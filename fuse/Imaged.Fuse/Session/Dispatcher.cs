using System.Runtime.CompilerServices;
using Imaged.Formats.Model;
using Imaged.Fuse.Abi;

namespace Imaged.Fuse.Session;

/// <summary>Decodes one request, asks the handler, and encodes the body of the reply. Allocates nothing
/// itself.</summary>
internal sealed unsafe class Dispatcher
{
    private const uint SeekData = 3;
    private const uint SeekHole = 4;
    private const uint AccessModeMask = 3; // O_ACCMODE
    private const uint KeepCache = 2; // FOPEN_KEEP_CACHE
    private const uint NoFlush = 32; // FOPEN_NOFLUSH
    private const uint NameLength = 255;

    private readonly IFuseHandler _handler;

    public Dispatcher(IFuseHandler handler, int maxPayload)
    {
        _handler = handler;
        MaxPayload = maxPayload;
    }

    /// <summary>Room for the body of a reply, in bytes.</summary>
    public int MaxPayload { get; }

    /// <summary>Whether a request of this kind is answered at all.</summary>
    public static bool HasReply(FuseOpcode opcode) =>
        opcode is not (FuseOpcode.Forget or FuseOpcode.BatchForget or FuseOpcode.Interrupt);

    /// <summary>Serves a request.</summary>
    /// <param name="header">Its header.</param>
    /// <param name="arguments">What follows the header.</param>
    /// <param name="body">Where the reply's body goes; <see cref="MaxPayload"/> bytes.</param>
    /// <param name="length">Length of the body; counts only when the answer is <see cref="FuseStatus.Ok"/>.</param>
    public FuseStatus Serve(in FuseInHeader header, ReadOnlySpan<byte> arguments, byte* body, out int length)
    {
        ArgumentReader reader = new(arguments);
        length = 0;
        switch (header.Opcode)
        {
            case FuseOpcode.Read:
                return Read(header.Node, ref reader, body, out length);
            case FuseOpcode.Lookup:
                return Lookup(header.Node, ref reader, body, out length);
            case FuseOpcode.GetAttr:
                return GetAttr(header.Node, body, out length);
            case FuseOpcode.StatX:
                return StatX(header.Node, body, out length);
            case FuseOpcode.ReadDirPlus:
                return ReadDir(header.Node, ref reader, body, plus: true, out length);
            case FuseOpcode.ReadDir:
                return ReadDir(header.Node, ref reader, body, plus: false, out length);
            case FuseOpcode.Open:
                return Open(header.Node, ref reader, body, out length);
            case FuseOpcode.ReadLink:
                return _handler.ReadLink(header.Node, new Span<byte>(body, MaxPayload), out length);
            case FuseOpcode.LSeek:
                return LSeek(header.Node, ref reader, body, out length);
            case FuseOpcode.StatFs:
                return StatFs(body, out length);
            case FuseOpcode.GetXattr:
                return GetXattr(header.Node, ref reader, body, out length);
            case FuseOpcode.ListXattr:
                return ListXattr(header.Node, ref reader, body, out length);
            default:
                return StatusOf(header.Opcode);
        }
    }

    /// <summary>What to answer for an exception. Never ENOSYS, which the kernel would remember.</summary>
    public static FuseStatus StatusOf(Exception error) => error switch
    {
        UnsupportedFeatureException => FuseStatus.NotSupported,
        IOException => FuseStatus.InputOutput,
        UnauthorizedAccessException => FuseStatus.Access,
        OutOfMemoryException => FuseStatus.NoMemory,
        _ => FuseStatus.InputOutput,
    };

    // Requests with a fixed answer.
    private static FuseStatus StatusOf(FuseOpcode opcode)
    {
        switch (opcode)
        {
            case FuseOpcode.Release or FuseOpcode.ReleaseDir or FuseOpcode.FSync or FuseOpcode.FSyncDir
                or FuseOpcode.Destroy:
                return FuseStatus.Ok;
            case FuseOpcode.SetAttr or FuseOpcode.SymLink or FuseOpcode.MkNod or FuseOpcode.MkDir or FuseOpcode.Unlink
                or FuseOpcode.RmDir or FuseOpcode.Rename or FuseOpcode.Rename2 or FuseOpcode.Link or FuseOpcode.Write
                or FuseOpcode.SetXattr or FuseOpcode.RemoveXattr or FuseOpcode.Create or FuseOpcode.TmpFile:
                return FuseStatus.ReadOnly;
            case FuseOpcode.FAllocate:
                return FuseStatus.NotSupported;
            case FuseOpcode.IoCtl:
                return FuseStatus.NoIoctl;
            default:
                // Also OPENDIR: with NO_OPENDIR_SUPPORT the kernel then caches directories and never asks again.
                return FuseStatus.NotImplemented;
        }
    }

    private FuseStatus Lookup(ulong directory, ref ArgumentReader reader, byte* body, out int length)
    {
        length = sizeof(FuseEntryOut);
        if (!reader.TryReadName(out ReadOnlySpan<byte> name))
        {
            return FuseStatus.Invalid;
        }

        FuseStatus status = _handler.Lookup(directory, name, out NodeInfo node);
        if (status == FuseStatus.Ok)
        {
            AttributeEncoder.Encode(node, out *(FuseEntryOut*)body);
        }
        else if (status == FuseStatus.NoEntry)
        {
            // An entry of node 0 is remembered as a name that does not exist; the error would not be.
            *(FuseEntryOut*)body = new() { EntryValid = AttributeEncoder.ForEver };
            return FuseStatus.Ok;
        }

        return status;
    }

    private FuseStatus GetAttr(ulong node, byte* body, out int length)
    {
        length = sizeof(FuseAttrOut);
        FuseStatus status = _handler.GetNode(node, out NodeInfo info);
        if (status == FuseStatus.Ok)
        {
            FuseAttrOut* reply = (FuseAttrOut*)body;
            *reply = new() { Valid = AttributeEncoder.ForEver };
            AttributeEncoder.Encode(info, out reply->Attributes);
        }

        return status;
    }

    private FuseStatus StatX(ulong node, byte* body, out int length)
    {
        length = sizeof(FuseStatxOut);
        if (!_handler.HasCreationTimes)
        {
            return FuseStatus.NotImplemented;
        }

        FuseStatus status = _handler.GetNode(node, out NodeInfo info);
        if (status == FuseStatus.Ok)
        {
            AttributeEncoder.Encode(info, out *(FuseStatxOut*)body);
        }

        return status;
    }

    private FuseStatus Open(ulong node, ref ArgumentReader reader, byte* body, out int length)
    {
        length = sizeof(FuseOpenOut);
        if (!reader.TryRead(out FuseOpenIn open))
        {
            return FuseStatus.Invalid;
        }

        if ((open.Flags & AccessModeMask) != 0)
        {
            return FuseStatus.ReadOnly;
        }

        // Handle 0 always: READ names the node, so a successor knows as much as we do.
        *(FuseOpenOut*)body = new() { Flags = KeepCache | NoFlush };
        return _handler.Open(node);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private FuseStatus Read(ulong node, ref ArgumentReader reader, byte* body, out int length)
    {
        length = 0;
        if (!reader.TryRead(out FuseReadIn read) || read.Size > MaxPayload || read.Offset > long.MaxValue)
        {
            return FuseStatus.Invalid;
        }

        return _handler.Read(node, (long)read.Offset, new Span<byte>(body, (int)read.Size), out length);
    }

    private FuseStatus ReadDir(ulong directory, ref ArgumentReader reader, byte* body, bool plus, out int length)
    {
        length = 0;
        if (!reader.TryRead(out FuseReadIn read) || read.Offset > long.MaxValue)
        {
            return FuseStatus.Invalid;
        }

        DirectoryReply reply = new(body, (int)Math.Min(read.Size, (uint)MaxPayload), plus);
        FuseStatus status = _handler.ReadDirectory(directory, (long)read.Offset, ref reply);
        length = reply.Length;
        return status;
    }

    private FuseStatus LSeek(ulong node, ref ArgumentReader reader, byte* body, out int length)
    {
        length = sizeof(ulong);
        if (!reader.TryRead(out FuseLSeekIn seek) || seek.Whence is not (SeekData or SeekHole))
        {
            return FuseStatus.Invalid;
        }

        if (seek.Offset > long.MaxValue)
        {
            return FuseStatus.NoAddress;
        }

        FuseStatus status = _handler.Seek(node, (long)seek.Offset, seek.Whence == SeekHole, out long result);
        *(long*)body = result;
        return status;
    }

    private FuseStatus StatFs(byte* body, out int length)
    {
        length = sizeof(FuseStatFsOut);
        TreeStatistics statistics = _handler.Statistics;
        int block = Math.Max(512, statistics.BlockSize);
        *(FuseStatFsOut*)body = new()
        {
            Blocks = statistics.TotalBytes / block,
            Free = statistics.FreeBytes / block,
            Available = statistics.FreeBytes / block,
            Files = statistics.Files,
            BlockSize = (uint)block,
            FragmentSize = (uint)block,
            NameLength = NameLength,
        };
        return FuseStatus.Ok;
    }

    private FuseStatus GetXattr(ulong node, ref ArgumentReader reader, byte* body, out int length)
    {
        length = 0;
        if (!_handler.HasAttributes)
        {
            return FuseStatus.NotImplemented;
        }

        if (!reader.TryRead(out FuseGetXattrIn get) || !reader.TryReadName(out ReadOnlySpan<byte> name))
        {
            return FuseStatus.Invalid;
        }

        Span<byte> value = new(body, (int)Math.Min(get.Size, (uint)MaxPayload));
        FuseStatus status = _handler.GetAttribute(node, name, value, out int needed);
        return XattrReply(status, value.Length, needed, body, out length);
    }

    private FuseStatus ListXattr(ulong node, ref ArgumentReader reader, byte* body, out int length)
    {
        length = 0;
        if (!_handler.HasAttributes)
        {
            return FuseStatus.NotImplemented;
        }

        if (!reader.TryRead(out FuseGetXattrIn get))
        {
            return FuseStatus.Invalid;
        }

        Span<byte> names = new(body, (int)Math.Min(get.Size, (uint)MaxPayload));
        FuseStatus status = _handler.ListAttributes(node, names, out int needed);
        return XattrReply(status, names.Length, needed, body, out length);
    }

    // A request with room for nothing asks how much room it takes.
    private static FuseStatus XattrReply(FuseStatus status, int room, int needed, byte* body, out int length)
    {
        length = needed;
        if (status != FuseStatus.Ok)
        {
            return status;
        }

        if (room == 0)
        {
            *(FuseGetXattrOut*)body = new() { Size = (uint)needed };
            length = sizeof(FuseGetXattrOut);
            return FuseStatus.Ok;
        }

        return needed > room ? FuseStatus.Range : FuseStatus.Ok;
    }
}
