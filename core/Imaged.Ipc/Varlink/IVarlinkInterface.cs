namespace Imaged.Ipc.Varlink;

/// <summary>An interface that a server offers.</summary>
public interface IVarlinkInterface
{
    /// <summary>Its name, e.g. <c>io.imaged.Worker</c>.</summary>
    string Name { get; }

    /// <summary>The interface in varlink's own language.</summary>
    string Description { get; }

    /// <summary>Carries out a call and replies to it. Exceptions become errors: <see cref="ImagedException"/> one of
    /// <c>io.imaged.Error</c>, <see cref="VarlinkException"/> as it is, a failed system call
    /// <c>HostError</c>.</summary>
    /// <returns>False when there is no such method.</returns>
    bool TryDispatch(VarlinkCall call);
}
