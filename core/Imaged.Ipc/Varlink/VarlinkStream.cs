using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Imaged.Linux;
using Imaged.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Ipc.Varlink;

/// <summary>Messages over a socket: JSON, then a NUL. One thread reads, any number write.</summary>
/// <remarks>A read returns bytes of several messages, but never bytes behind those that descriptors came with: the
/// kernel ends a read there. So descriptors belong to the message that holds the last byte of their read, provided that
/// the sender sends a message with descriptors by a call of its own.</remarks>
internal sealed class VarlinkStream : IDisposable
{
    private const int FirstBuffer = 4096;
    private const int KeptBuffer = 64 << 10;

    private readonly UnixSocket _socket;
    private readonly VarlinkLimits _limits;
    private readonly Lock _sending = new();
    private readonly Queue<(long LastByte, SafeFileHandle Handle)> _descriptors = new();
    private byte[] _buffer = new byte[FirstBuffer];
    private int _start; // of the first message not yet returned
    private int _scanned; // no NUL before this
    private int _end;
    private long _discarded; // bytes of the stream before _buffer[0]
    private volatile bool _broken;

    /// <summary>Takes ownership of <paramref name="socket"/>.</summary>
    public VarlinkStream(UnixSocket socket, VarlinkLimits limits)
    {
        _socket = socket;
        _limits = limits;
    }

    public UnixSocket Socket => _socket;

    /// <summary>Reads the next message.</summary>
    /// <param name="descriptors">Its descriptors are added here; they belong to the caller, also when this
    /// throws.</param>
    /// <param name="wait">How long to wait for its first byte.</param>
    /// <returns>Valid until the next call; null when the peer has closed its end between two messages.</returns>
    public ReadOnlyMemory<byte>? Read(List<SafeFileHandle> descriptors, TimeSpan wait)
    {
        long firstByte = Environment.TickCount64;
        while (true)
        {
            int nul = _buffer.AsSpan(_scanned, _end - _scanned).IndexOf((byte)0);
            if (nul >= 0)
            {
                return TakeMessage(_scanned + nul, descriptors);
            }

            _scanned = _end;
            bool partial = _end > _start;
            if (_end - _start >= _limits.MessageBytes)
            {
                throw new VarlinkProtocolException($"a message is larger than {_limits.MessageBytes} bytes");
            }

            MakeRoom();
            TimeSpan timeout = partial ? Left(_limits.MessageTimeout, firstByte) : wait;
            int count = Receive(timeout);
            if (count == 0)
            {
                return partial ? throw new VarlinkDisconnectedException("the peer ended inside a message") : null;
            }

            firstByte = partial ? firstByte : Environment.TickCount64;
            _end += count;
        }
    }

    /// <summary>Sends a message.</summary>
    /// <exception cref="VarlinkDisconnectedException">The peer is gone, or takes nothing.</exception>
    public void Write(Action<Utf8JsonWriter> write, IReadOnlyList<SafeHandle> descriptors)
    {
        ArrayBufferWriter<byte> message = new(512);
        using (Utf8JsonWriter writer = new(message, new JsonWriterOptions { SkipValidation = true }))
        {
            write(writer);
        }

        message.Write([(byte)0]);
        lock (_sending)
        {
            if (_broken)
            {
                throw new VarlinkDisconnectedException("the connection has ended");
            }

            try
            {
                _socket.Send(message.WrittenSpan, descriptors, _limits.SendTimeout);
            }
            catch (Exception error) when (error is TimeoutException or LinuxException)
            {
                _broken = true;
                throw new VarlinkDisconnectedException("the peer is gone or takes no data", error);
            }
        }
    }

    /// <summary>Ends the connection; who waits in <see cref="Read"/> wakes up.</summary>
    public void Abort()
    {
        _broken = true;
        _socket.Shutdown();
    }

    public void Dispose()
    {
        _broken = true;
        _socket.Dispose();
        while (_descriptors.TryDequeue(out (long LastByte, SafeFileHandle Handle) item))
        {
            item.Handle.Dispose();
        }
    }

    private static TimeSpan Left(TimeSpan timeout, long since)
    {
        if (timeout == Timeout.InfiniteTimeSpan)
        {
            return timeout;
        }

        TimeSpan left = timeout - TimeSpan.FromMilliseconds(Environment.TickCount64 - since);
        return left < TimeSpan.Zero ? TimeSpan.Zero : left;
    }

    private ReadOnlyMemory<byte> TakeMessage(int nul, List<SafeFileHandle> descriptors)
    {
        if (nul - _start > _limits.MessageBytes)
        {
            throw new VarlinkProtocolException($"a message is larger than {_limits.MessageBytes} bytes");
        }

        ReadOnlyMemory<byte> message = _buffer.AsMemory(_start, nul - _start);
        _start = nul + 1;
        _scanned = _start;
        while (_descriptors.TryPeek(out (long LastByte, SafeFileHandle Handle) item)
            && item.LastByte <= _discarded + nul)
        {
            descriptors.Add(_descriptors.Dequeue().Handle);
        }

        return message;
    }

    private int Receive(TimeSpan timeout)
    {
        List<SafeFileHandle> received = [];
        try
        {
            int count = _socket.Receive(_buffer.AsSpan(_end), received, timeout);
            foreach (SafeFileHandle handle in received)
            {
                _descriptors.Enqueue((_discarded + _end + count - 1, handle));
            }

            return _descriptors.Count <= _limits.DescriptorsPerMessage
                ? count
                : throw new VarlinkProtocolException(
                    $"more than {_limits.DescriptorsPerMessage} descriptors came with a message");
        }
        catch (LinuxException error)
        {
            throw new VarlinkDisconnectedException("the connection is broken", error);
        }
    }

    private void MakeRoom()
    {
        if (_start == _end)
        {
            _discarded += _end;
            _start = _end = _scanned = 0;
            if (_buffer.Length > KeptBuffer)
            {
                _buffer = new byte[FirstBuffer];
            }
        }

        if (_end < _buffer.Length)
        {
            return;
        }

        // Only whole messages lie before _start: move the rest down, and double the buffer when that gains too little.
        int length = _end - _start;
        byte[] target = length > _buffer.Length / 2
            ? new byte[Math.Min(_buffer.Length * 2, _limits.MessageBytes + 1)]
            : _buffer;
        Buffer.BlockCopy(_buffer, _start, target, 0, length);
        _discarded += _start;
        _buffer = target;
        _start = 0;
        _end = _scanned = length;
    }
}
