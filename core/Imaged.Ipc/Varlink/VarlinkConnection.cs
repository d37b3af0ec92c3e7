using System.Runtime.InteropServices;
using System.Text.Json;
using Imaged.Ipc.Contract;
using Imaged.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Ipc.Varlink;

/// <summary>The client's side of a connection. Calls of several threads take turns.</summary>
public sealed class VarlinkConnection : IDisposable
{
    private readonly VarlinkStream _stream;
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Takes ownership of a connected socket.</summary>
    /// <param name="socket">The connection.</param>
    /// <param name="limits">What the server may make this process hold; null for
    /// <see cref="VarlinkLimits.Peer"/>.</param>
    public VarlinkConnection(UnixSocket socket, VarlinkLimits? limits = null)
    {
        _stream = new(socket, limits ?? VarlinkLimits.Peer);
    }

    /// <summary>Connects to a service by the path of its socket.</summary>
    public static VarlinkConnection Connect(string path) => new(UnixSocket.Connect(path));

    /// <summary>Calls a method and waits for its reply.</summary>
    /// <param name="method">The method.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="descriptors">They go along and stay open here.</param>
    /// <param name="timeout">How long to wait; null for ever. After a time-out the connection is of no more
    /// use.</param>
    /// <param name="closeDescriptors">Close the descriptors as soon as they are sent: one that is open here would keep
    /// what the call is to undo in use.</param>
    /// <exception cref="ImagedException">The server answered with an error of <c>io.imaged.Error</c>.</exception>
    /// <exception cref="VarlinkException">The server answered with another error.</exception>
    /// <exception cref="VarlinkDisconnectedException">The server is gone.</exception>
    /// <exception cref="VarlinkProtocolException">The server sent nonsense.</exception>
    /// <exception cref="TimeoutException">No reply came.</exception>
    public VarlinkReply<TReply> Call<TParameters, TReply>(
        VarlinkMethod<TParameters, TReply> method,
        TParameters parameters,
        IReadOnlyList<SafeHandle>? descriptors = null,
        TimeSpan? timeout = null,
        bool closeDescriptors = false)
    {
        _turn.Wait();
        try
        {
            Send(method, parameters, descriptors ?? [], more: false);
            if (closeDescriptors && descriptors is not null)
            {
                foreach (SafeHandle descriptor in descriptors)
                {
                    descriptor.Dispose();
                }
            }

            VarlinkReply<TReply> reply = Receive(method, timeout ?? Timeout.InfiniteTimeSpan);
            if (reply.Continues)
            {
                reply.Dispose();
                _stream.Abort();
                throw new VarlinkProtocolException($"{method.FullName} answers more than once without being asked to");
            }

            return reply;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Calls a method that answers more than once. Stopping early ends the connection.</summary>
    /// <param name="method">The method.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="descriptors">They go along and stay open here.</param>
    /// <param name="timeout">How long to wait for each reply; null for ever.</param>
    /// <returns>Each reply; who enumerates disposes of it. Exceptions as of <see cref="Call"/>.</returns>
    public IEnumerable<VarlinkReply<TReply>> CallMore<TParameters, TReply>(
        VarlinkMethod<TParameters, TReply> method,
        TParameters parameters,
        IReadOnlyList<SafeHandle>? descriptors = null,
        TimeSpan? timeout = null)
    {
        _turn.Wait();
        bool ended = false;
        try
        {
            Send(method, parameters, descriptors ?? [], more: true);
            while (!ended)
            {
                VarlinkReply<TReply> reply;
                try
                {
                    reply = Receive(method, timeout ?? Timeout.InfiniteTimeSpan);
                }
                catch (Exception error) when (error is ImagedException or VarlinkException)
                {
                    ended = true;
                    throw;
                }

                ended = !reply.Continues;
                yield return reply;
            }
        }
        finally
        {
            if (!ended)
            {
                _stream.Abort();
            }

            _turn.Release();
        }
    }

    /// <summary>Ends the connection: a call that waits on another thread ends with
    /// <see cref="VarlinkDisconnectedException"/>.</summary>
    public void Abort() => _stream.Abort();

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _turn.Dispose();
    }

    private void Send<TParameters, TReply>(
        VarlinkMethod<TParameters, TReply> method,
        TParameters parameters,
        IReadOnlyList<SafeHandle> descriptors,
        bool more)
    {
        try
        {
            _stream.Write(
                writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("method"u8, method.FullName);
                    writer.WritePropertyName("parameters"u8);
                    JsonSerializer.Serialize(writer, parameters, method.Parameters);
                    if (more)
                    {
                        writer.WriteBoolean("more"u8, true);
                    }

                    writer.WriteEndObject();
                },
                descriptors);
        }
        catch (VarlinkDisconnectedException)
        {
            // A server that refuses a connection has said why before it closed it.
            Receive(method, TimeSpan.Zero).Dispose();
            throw;
        }
    }

    private VarlinkReply<TReply> Receive<TParameters, TReply>(
        VarlinkMethod<TParameters, TReply> method, TimeSpan timeout)
    {
        List<SafeFileHandle> descriptors = [];
        bool complete = false;
        try
        {
            ReadOnlyMemory<byte> message = _stream.Read(descriptors, timeout)
                ?? throw new VarlinkDisconnectedException("the server closed the connection");
            VarlinkFrame frame = VarlinkFrame.Parse(message);
            if (frame.Error is not null)
            {
                complete = true;
                ThrowError(frame, descriptors);
            }

            TReply value = JsonSerializer.Deserialize(frame.Parameters.Span, method.Reply)
                ?? throw new VarlinkProtocolException($"the reply of {method.FullName} is null");
            complete = true;
            return new(value, frame.Continues, descriptors);
        }
        catch (JsonException error)
        {
            throw new VarlinkProtocolException($"the reply of {method.FullName} is malformed at {error.Path}", error);
        }
        finally
        {
            if (!complete)
            {
                // What comes next would be taken for the answer of another call.
                descriptors.ForEach(handle => handle.Dispose());
                _stream.Abort();
            }
        }
    }

    private static void ThrowError(VarlinkFrame frame, List<SafeFileHandle> descriptors)
    {
        descriptors.ForEach(handle => handle.Dispose());
        ErrorParameters parameters;
        try
        {
            parameters =
                JsonSerializer.Deserialize(frame.Parameters.Span, ContractJson.Default.ErrorParameters) ?? new();
        }
        catch (JsonException)
        {
            parameters = new(); // its name says most
        }

        Exception? known = ImagedException.FromWire(frame.Error!, parameters);
        throw known ?? new VarlinkException(frame.Error!, parameters);
    }
}
