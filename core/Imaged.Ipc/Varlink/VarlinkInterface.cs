namespace Imaged.Ipc.Varlink;

/// <summary>An interface put together from handlers.</summary>
public sealed class VarlinkInterface : IVarlinkInterface
{
    private readonly Dictionary<string, Action<VarlinkCall>> _handlers = new(StringComparer.Ordinal);

    /// <summary>Begins with no handler.</summary>
    public VarlinkInterface(string name, string description)
    {
        Name = name;
        Description = description;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string Description { get; }

    /// <summary>Names of the methods that have a handler.</summary>
    public IReadOnlyCollection<string> Handled => _handlers.Keys;

    /// <summary>Adds a handler that replies once, with what it returns.</summary>
    public VarlinkInterface On<TParameters, TReply>(
        VarlinkMethod<TParameters, TReply> method, Func<VarlinkCall, TParameters, TReply> handler) =>
        On(method, (call, parameters) => call.Reply(handler(call, parameters), method.Reply));

    /// <summary>Adds a handler that replies itself.</summary>
    public VarlinkInterface On<TParameters, TReply>(
        VarlinkMethod<TParameters, TReply> method, Action<VarlinkCall, TParameters> handler)
    {
        _handlers.Add(method.FullName, call => handler(call, call.Parameters(method.Parameters)));
        return this;
    }

    /// <inheritdoc/>
    public bool TryDispatch(VarlinkCall call)
    {
        if (!_handlers.TryGetValue(call.Method, out Action<VarlinkCall>? handler))
        {
            return false;
        }

        handler(call);
        return true;
    }
}
