using System.Text.Json.Serialization.Metadata;

namespace Imaged.Ipc.Varlink;

/// <summary>A method of an interface.</summary>
public abstract class VarlinkMethod
{
    private protected VarlinkMethod(string fullName)
    {
        FullName = fullName;
    }

    /// <summary>Interface and method, e.g. <c>io.imaged.Worker.Open</c>.</summary>
    public string FullName { get; }

    /// <summary>The method alone, e.g. <c>Open</c>.</summary>
    public string Name => FullName[(FullName.LastIndexOf('.') + 1)..];

    /// <summary>What is known of its parameters.</summary>
    internal abstract JsonTypeInfo ParametersInfo { get; }

    /// <summary>What is known of its reply.</summary>
    internal abstract JsonTypeInfo ReplyInfo { get; }
}

/// <summary>A method with its parameters and its reply.</summary>
/// <typeparam name="TParameters">Record of the parameters.</typeparam>
/// <typeparam name="TReply">Record of the reply.</typeparam>
public sealed class VarlinkMethod<TParameters, TReply> : VarlinkMethod
{
    /// <summary>Names the method.</summary>
    public VarlinkMethod(string fullName, JsonTypeInfo<TParameters> parameters, JsonTypeInfo<TReply> reply)
        : base(fullName)
    {
        Parameters = parameters;
        Reply = reply;
    }

    /// <summary>How the parameters are read and written.</summary>
    public JsonTypeInfo<TParameters> Parameters { get; }

    /// <summary>How the reply is read and written.</summary>
    public JsonTypeInfo<TReply> Reply { get; }

    internal override JsonTypeInfo ParametersInfo => Parameters;

    internal override JsonTypeInfo ReplyInfo => Reply;
}
