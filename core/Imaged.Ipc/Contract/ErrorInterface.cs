namespace Imaged.Ipc.Contract;

/// <summary>The errors that both interfaces share; it has no methods.</summary>
public static class ErrorInterface
{
    /// <summary>Name of the interface.</summary>
    public const string Name = "io.imaged.Error";

    /// <summary>The interface in varlink's own language.</summary>
    public static string Description => InterfaceText.Read(Name);
}
