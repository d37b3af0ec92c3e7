"""A varlink client of sockets and JSON alone: passes descriptors, sends many calls at once, breaks the protocol."""
import json
import socket
import sys

sock = socket.socket(socket.AF_UNIX)
sock.connect(sys.argv[1])
rest = b""


def encode(method, **parameters):
    return json.dumps({"method": "io.imaged.Manager." + method, "parameters": parameters}).encode() + b"\0"


def receive():
    global rest
    while b"\0" not in rest:
        data = sock.recv(65536)
        if not data:
            return None
        rest += data
    message, rest = rest.split(b"\0", 1)
    return json.loads(message)


# Two calls, each with a descriptor of its own, before the first answer is read.
with open(sys.argv[2], "rb") as image:
    for _ in range(2):
        socket.send_fds(sock, [encode("Attach", image=0, path="/x")], [image.fileno()])
sizes = [receive()["parameters"]["attachment"]["size"] for _ in range(2)]
print("sizes", *sizes)

sock.sendall(encode("Attach", image=0, path="/x"))
error = receive()
print("bad", error["error"].split(".")[-1], error["parameters"]["parameter"])

sock.sendall(encode("List") * 100)
print("pipelined", sum("attachments" in receive()["parameters"] for _ in range(100)))

sock.sendall(b"[" * 100 + b"\0")
print("closed" if receive() is None else "open")
