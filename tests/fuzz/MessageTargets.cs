using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Fuse.Abi;
using Imaged.Fuse.Handlers;
using Imaged.Fuse.Session;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Imaged.TestKit;

namespace Imaged.Fuzz;

/// <summary>The readers of messages: those of the kernel, and those of clients.</summary>
internal static class MessageTargets
{
    private const int MaxRequest = 8192;
    private const int MaxPayload = 65536;

    private static readonly Lazy<Dispatcher> Files = new(() =>
    {
        // They live as long as this process.
        MemorySource disc = new(TreeSamples.Read("demo.iso"));
        FileTree tree = FileSystems.Open(disc, "iso9660", new FileTreeOptions(new BlockCache(1 << 20)));
        return new(new TreeHandler(tree, new TreeHandlerOptions()), MaxPayload);
    });

    private static readonly JsonTypeInfo[] Parameters =
    [
        ContractJson.Default.OpenParameters, ContractJson.Default.PlanParameters, ContractJson.Default.ServeParameters,
        ContractJson.Default.ListParameters, ContractJson.Default.CatParameters, ContractJson.Default.CopyParameters,
        ContractJson.Default.ConvertParameters, ContractJson.Default.AttachParameters,
        ContractJson.Default.MountParameters, ContractJson.Default.DetachParameters,
        ContractJson.Default.UnmountParameters, ContractJson.Default.DescriptionParameters,
        ContractJson.Default.OpenReply, ContractJson.Default.PlanReply, ContractJson.Default.ErrorParameters,
    ];

    /// <summary>Requests as the kernel sends them, to a tree of files.</summary>
    public static FuzzTarget FuseRequest { get; } = new("fuse-request", _ => false, ServeRequest)
    {
        Seeds = [.. Enum.GetValues<FuseOpcode>().Select(opcode => Request(opcode, "docs\0"u8)),
            Request(FuseOpcode.Read, new byte[40]), Request(FuseOpcode.ReadDirPlus, new byte[40])],
    };

    /// <summary>Varlink messages as a client sends them.</summary>
    public static FuzzTarget VarlinkMessage { get; } = new("varlink-message", _ => false, ReadMessage)
    {
        Seeds =
        [
            """{"method":"io.imaged.Manager.List","parameters":{}}"""u8.ToArray(),
            """{"method":"io.imaged.Manager.Attach","more":true,"parameters":{"image":0,"path":"/a"}}"""u8
                .ToArray(),
            """{"method":"io.imaged.Worker.Plan","parameters":{"request":{"purpose":"tree","kernelTypes":["ab"]}}}"""u8
                .ToArray(),
            """{"error":"io.imaged.Error.Ambiguous","parameters":{"message":"x","choices":["a","b"]}}"""u8.ToArray(),
            """{"parameters":{"what":"é\ud83d\ude00","object":1,"lazy":true},"oneway":true,"upgrade":null}"""u8
                .ToArray(),
        ],
    };

    private static unsafe void ServeRequest(BlockSource source)
    {
        byte[] bytes = source.ReadBytes(0, (int)Math.Min(source.Length, MaxRequest));
        if (bytes.Length < sizeof(FuseInHeader))
        {
            return;
        }

        FuseInHeader header = MemoryMarshal.Read<FuseInHeader>(bytes);
        using AlignedBuffer body = new(MaxPayload);
        try
        {
            FuseStatus status =
                Files.Value.Serve(header, bytes.AsSpan(sizeof(FuseInHeader)), body.Address, out int length);
            if (status == FuseStatus.Ok && length is < 0 or > MaxPayload)
            {
                throw new InvalidOperationException($"a reply of {length} bytes");
            }
        }
        catch (IOException)
        {
            // A node that does not exist; the session answers with an error number.
        }
    }

    private static void ReadMessage(BlockSource source)
    {
        try
        {
            VarlinkFrame frame = VarlinkFrame.Parse(source.ReadBytes(0, (int)Math.Min(source.Length, 1 << 20)));
            foreach (JsonTypeInfo type in Parameters)
            {
                try
                {
                    _ = JsonSerializer.Deserialize(frame.Parameters.Span, type);
                }
                catch (JsonException)
                {
                    // Answered with InvalidParameter.
                }
            }
        }
        catch (VarlinkProtocolException)
        {
            // Ends the connection.
        }
    }

    private static byte[] Request(FuseOpcode opcode, ReadOnlySpan<byte> arguments)
    {
        FuseInHeader header = new() { Length = 40, Opcode = opcode, Unique = 2, Node = 1 };
        return [.. MemoryMarshal.AsBytes(new ReadOnlySpan<FuseInHeader>(in header)), .. arguments];
    }
}
