using Imaged.Ipc.Contract;
using Json = Imaged.Ipc.Contract.ContractJson;

namespace Imaged.Ipc.Varlink;

/// <summary>What a server offers: its interfaces, and <c>org.varlink.service</c> which tells about them.</summary>
public sealed class VarlinkService
{
    private const string ServiceName = "org.varlink.service";

    private readonly IReadOnlyList<IVarlinkInterface> _interfaces;
    private readonly ServiceInfo _info;

    /// <summary>Adds <c>io.imaged.Error</c> and <c>org.varlink.service</c> to the interfaces.</summary>
    /// <param name="product">The program.</param>
    /// <param name="version">Its version.</param>
    /// <param name="interfaces">What it offers.</param>
    public VarlinkService(string product, string version, params IReadOnlyList<IVarlinkInterface> interfaces)
    {
        VarlinkInterface service = new(ServiceName, InterfaceText.Read(ServiceName));
        service.On(GetInfo, (_, _) => _info!);
        service.On(GetInterfaceDescription, (_, parameters) => Describe(parameters.Interface));
        _interfaces = [service, .. interfaces, new VarlinkInterface(ErrorInterface.Name, ErrorInterface.Description)];
        _info = new()
        {
            Vendor = "the imaged developers",
            Product = product,
            Version = version,
            Interfaces = [.. _interfaces.Select(item => item.Name)],
        };
    }

    /// <summary>About the service.</summary>
    public static VarlinkMethod<Nothing, ServiceInfo> GetInfo { get; } =
        new(ServiceName + ".GetInfo", Json.Default.Nothing, Json.Default.ServiceInfo);

    /// <summary>The text of an interface.</summary>
    public static VarlinkMethod<DescriptionParameters, DescriptionReply> GetInterfaceDescription { get; } = new(
        ServiceName + ".GetInterfaceDescription", Json.Default.DescriptionParameters, Json.Default.DescriptionReply);

    internal void Dispatch(VarlinkCall call)
    {
        int dot = call.Method.LastIndexOf('.');
        string interfaceName = dot < 0 ? call.Method : call.Method[..dot];
        IVarlinkInterface target = Find(interfaceName);
        if (target.TryDispatch(call))
        {
            return;
        }

        bool declared = target.Description.Contains($"\nmethod {call.Method[(dot + 1)..]}(", StringComparison.Ordinal);
        string error = declared ? "MethodNotImplemented" : "MethodNotFound";
        throw new VarlinkException($"{ServiceName}.{error}", new() { Method = call.Method });
    }

    private DescriptionReply Describe(string name) => new() { Description = Find(name).Description };

    private IVarlinkInterface Find(string name)
    {
        foreach (IVarlinkInterface item in _interfaces)
        {
            if (item.Name == name)
            {
                return item;
            }
        }

        throw new VarlinkException($"{ServiceName}.InterfaceNotFound", new() { Interface = name });
    }
}
