using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Imaged.Ipc.Contract;
using Imaged.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Ipc.Varlink;

/// <summary>A call that a server carries out. Descriptors that the handler does not take are closed at its
/// end.</summary>
public sealed class VarlinkCall
{
    private readonly VarlinkStream _stream;
    private readonly VarlinkFrame _frame;
    private readonly List<SafeFileHandle> _descriptors;
    private readonly bool[] _taken;

    internal VarlinkCall(
        VarlinkStream stream, VarlinkFrame frame, List<SafeFileHandle> descriptors, PeerCredentials peer)
    {
        _stream = stream;
        _frame = frame;
        _descriptors = descriptors;
        _taken = new bool[descriptors.Count];
        Peer = peer;
        Method = frame.Method ?? string.Empty;
    }

    /// <summary>Interface and method, e.g. <c>io.imaged.Worker.Open</c>.</summary>
    public string Method { get; }

    /// <summary>Who calls.</summary>
    public PeerCredentials Peer { get; }

    /// <summary>Whether the caller takes more than one reply.</summary>
    public bool More => _frame.More;

    /// <summary>Whether the caller wants no reply; then replying does nothing.</summary>
    public bool OneWay => _frame.OneWay;

    /// <summary>How many descriptors came along.</summary>
    public int DescriptorCount => _descriptors.Count;

    /// <summary>Whether the last reply, or an error, has been sent.</summary>
    public bool Answered { get; private set; }

    /// <summary>Whether the caller has closed its end: nobody waits for the answer.</summary>
    public bool IsAbandoned => _stream.Socket.IsPeerGone;

    /// <summary>Waits until <paramref name="signal"/> is readable.</summary>
    /// <returns>False when the caller has closed its end, or this server takes no more calls.</returns>
    public bool WaitFor(UnixSocket signal) => _stream.Socket.WaitFor(signal);

    /// <summary>Reads the parameters.</summary>
    /// <exception cref="VarlinkException">One has the wrong type: InvalidParameter.</exception>
    public T Parameters<T>(JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(_frame.Parameters.Span, type)
                ?? throw VarlinkException.InvalidParameter("parameters");
        }
        catch (JsonException error)
        {
            string path = error.Path ?? string.Empty;
            throw VarlinkException.InvalidParameter(path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path);
        }
    }

    /// <summary>Takes a descriptor; it belongs to the handler from now on.</summary>
    /// <param name="index">As the caller named it in a parameter.</param>
    /// <param name="parameter">Name of that parameter.</param>
    /// <exception cref="VarlinkException">There is no such descriptor, or it was taken before.</exception>
    public SafeFileHandle TakeDescriptor(int index, string parameter = "descriptor")
    {
        if (index < 0 || index >= _descriptors.Count || _taken[index])
        {
            throw VarlinkException.InvalidParameter(parameter);
        }

        _taken[index] = true;
        return _descriptors[index];
    }

    /// <summary>Takes a descriptor that the caller may leave out.</summary>
    /// <inheritdoc cref="TakeDescriptor(int, string)"/>
    public SafeFileHandle? TakeDescriptor(int? index, string parameter = "descriptor") =>
        index is int number ? TakeDescriptor(number, parameter) : null;

    /// <summary>Refuses a caller that takes only one reply.</summary>
    /// <exception cref="VarlinkException">ExpectedMore.</exception>
    public void RequireMore()
    {
        if (!More)
        {
            throw VarlinkException.ExpectedMore();
        }
    }

    /// <summary>Sends the last reply, which has no content.</summary>
    public void Reply() => Reply(new Nothing(), ContractJson.Default.Nothing);

    /// <summary>Sends the last reply.</summary>
    /// <param name="value">Its content.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="descriptors">They go along and stay open here.</param>
    /// <exception cref="VarlinkDisconnectedException">The caller is gone.</exception>
    public void Reply<T>(T value, JsonTypeInfo<T> type, params IReadOnlyList<SafeHandle> descriptors)
    {
        Answer(value, type, null, descriptors);
    }

    /// <summary>Sends a reply that others follow; does nothing when the caller takes only one.</summary>
    /// <inheritdoc cref="Reply{T}"/>
    public void ReplyContinues<T>(T value, JsonTypeInfo<T> type, params IReadOnlyList<SafeHandle> descriptors)
    {
        if (More)
        {
            Send(value, type, null, continues: true, descriptors);
        }
    }

    /// <summary>Ends the call with an error of <c>io.imaged.Error</c>.</summary>
    public void Error(ImagedException error) => Error(error.WireName, error.ToParameters());

    /// <summary>Ends the call with an error.</summary>
    public void Error(VarlinkException error) => Error(error.Error, error.Parameters);

    internal void CloseDescriptors()
    {
        for (int i = 0; i < _taken.Length; i++)
        {
            if (!_taken[i])
            {
                _descriptors[i].Dispose();
            }
        }
    }

    private void Error(string name, ErrorParameters parameters)
    {
        Answer(parameters, ContractJson.Default.ErrorParameters, name, []);
    }

    private void Answer<T>(T value, JsonTypeInfo<T> type, string? error, IReadOnlyList<SafeHandle> descriptors)
    {
        if (Answered)
        {
            throw new InvalidOperationException($"{Method} has been answered before");
        }

        // A value that cannot be written leaves the call unanswered: an error is sent instead.
        Send(value, type, error, continues: false, descriptors);
        Answered = true;
    }

    private void Send<T>(
        T value, JsonTypeInfo<T> type, string? error, bool continues, IReadOnlyList<SafeHandle> descriptors)
    {
        if (OneWay)
        {
            return;
        }

        _stream.Write(
            writer =>
            {
                writer.WriteStartObject();
                if (error is not null)
                {
                    writer.WriteString("error"u8, error);
                }

                writer.WritePropertyName("parameters"u8);
                JsonSerializer.Serialize(writer, value, type);
                if (continues)
                {
                    writer.WriteBoolean("continues"u8, true);
                }

                writer.WriteEndObject();
            },
            descriptors);
    }
}
