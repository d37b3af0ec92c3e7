using Imaged.Linux;
using Imaged.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Ipc.Varlink;

/// <summary>The server's side of one connection: one call after the other.</summary>
internal sealed class VarlinkSession : IDisposable
{
    private readonly VarlinkStream _stream;
    private readonly VarlinkService _service;
    private readonly VarlinkLimits _limits;
    private readonly VarlinkAdmission? _admission;
    private readonly Action<string, Exception>? _onFault;

    /// <summary>Takes ownership of <paramref name="socket"/>.</summary>
    public VarlinkSession(
        UnixSocket socket,
        VarlinkService service,
        VarlinkLimits limits,
        VarlinkAdmission? admission,
        Action<string, Exception>? onFault)
    {
        _stream = new VarlinkStream(socket, limits);
        _service = service;
        _limits = limits;
        _admission = admission;
        _onFault = onFault;
        Peer = socket.GetPeer();
    }

    public PeerCredentials Peer { get; }

    /// <summary>Serves until the peer closes its end, breaks the protocol or exceeds a limit.</summary>
    public void Run()
    {
        try
        {
            while (RunCall())
            {
            }
        }
        catch (Exception error) when (error is VarlinkDisconnectedException or TimeoutException)
        {
            // The peer's own end of the conversation: nobody is there to tell.
        }
        catch (VarlinkProtocolException error)
        {
            _onFault?.Invoke("a connection", error);
        }
    }

    /// <summary>Answers the one call that is coming with an error, without waiting for it.</summary>
    public void Refuse(ImagedException error)
    {
        try
        {
            new VarlinkCall(_stream, default, [], Peer).Error(error);
        }
        catch (VarlinkDisconnectedException)
        {
            // It did not wait for the answer.
        }
    }

    /// <summary>No further call is taken; the one that runs can still be answered.</summary>
    public void StopReceiving() => _stream.Socket.ShutdownReceive();

    public void Abort() => _stream.Abort();

    public void Dispose() => _stream.Dispose();

    private bool RunCall()
    {
        List<SafeFileHandle> descriptors = [];
        VarlinkCall? call = null;
        try
        {
            if (_stream.Read(descriptors, _limits.IdleTimeout) is not ReadOnlyMemory<byte> message)
            {
                return false;
            }

            VarlinkFrame frame = VarlinkFrame.Parse(message);
            if (frame.Method is null)
            {
                throw new VarlinkProtocolException("a call names no method");
            }

            call = new(_stream, frame, descriptors, Peer);
            if (frame.Upgrade)
            {
                call.Error(VarlinkException.InvalidParameter("upgrade"));
                return false;
            }

            Execute(call);
            return true;
        }
        finally
        {
            if (call is null)
            {
                descriptors.ForEach(handle => handle.Dispose());
            }
            else
            {
                call.CloseDescriptors();
            }
        }
    }

    private void Execute(VarlinkCall call)
    {
        if (_admission?.TryCall(Peer.Uid) == false)
        {
            call.Error(new ImagedException(
                ErrorKind.LimitExceeded,
                $"user {Peer.Uid} has {_limits.CallsPerUser} calls in progress already; wait until one has ended"));
            return;
        }

        try
        {
            _service.Dispatch(call);
            if (!call.Answered)
            {
                Fail(call, new InvalidOperationException("the method did not answer"));
            }
        }
        catch (VarlinkDisconnectedException)
        {
            throw;
        }
        catch (Exception error)
        {
            Fail(call, error);
        }
        finally
        {
            _admission?.EndCall(Peer.Uid);
        }
    }

    private void Fail(VarlinkCall call, Exception error)
    {
        if (call.Answered)
        {
            _onFault?.Invoke(call.Method, error);
            return;
        }

        switch (error)
        {
            case ImagedException known:
                call.Error(known);
                break;
            case VarlinkException standard:
                call.Error(standard);
                break;
            case LinuxException host:
                call.Error(new ImagedException(ErrorKind.HostError, host.Message) { Errno = host.Errno });
                break;
            case IOException or UnauthorizedAccessException:
                call.Error(new ImagedException(ErrorKind.HostError, error.Message));
                break;
            case OperationCanceledException:
                call.Error(new ImagedException(ErrorKind.Failed, "it was cancelled"));
                break;
            default:
                _onFault?.Invoke(call.Method, error);
                call.Error(new ImagedException(
                    ErrorKind.Failed, $"an internal error in {call.Method}: {error.GetType().Name}: {error.Message}"));
                break;
        }
    }
}
