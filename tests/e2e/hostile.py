"""A client of the daemon that minds no rule. hostile.py SOCKET COMMAND ARG...

call MESSAGE [DESCRIPTOR...]     sends a message and prints the answer, or 'closed'
flood N MESSAGE [DESCRIPTOR...]  does so N times at once and prints how often each answer came
stuck N FILE                     N clients that call and call and never read; makes FILE when all wait; stays
huge BYTES                       a message of that size, and prints how many bytes were taken

A DESCRIPTOR is one letter for how it is opened, a colon and a path: r to read, w to write, p for O_PATH; or the word
socket.
"""

import collections
import json
import os
import resource
import socket
import sys
import threading
import time

FLAGS = {"r": os.O_RDONLY | os.O_NONBLOCK, "w": os.O_WRONLY | os.O_NONBLOCK, "p": os.O_PATH}
path = sys.argv[1]


def connect():
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(path)
    return client


def descriptor(text):
    if text == "socket":
        return socket.socketpair()[0].detach()
    how, _, name = text.partition(":")
    return os.open(name, FLAGS[how])


def receive(client):
    answer = b""
    while not answer.endswith(b"\0"):
        try:
            part = client.recv(65536)
        except ConnectionResetError:
            part = b""
        if not part:
            return "closed"
        answer += part
    return answer[:-1].decode()


def call(message, descriptors):
    with connect() as client:
        try:
            socket.send_fds(client, [message.encode() + b"\0"], descriptors)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the answer may be there already
        return receive(client)


def flood(count, message, descriptors):
    seen = collections.Counter()
    start = threading.Barrier(count)

    def run():
        start.wait()
        answer = call(message, descriptors)
        seen["closed" if answer == "closed" else json.loads(answer).get("error", "done")] += 1

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(seen))


def stuck(count, ready):
    clients = [connect() for _ in range(count)]
    message = b'{"method":"io.imaged.Manager.List"}\0' * 100
    for client in clients:
        client.settimeout(1)
        try:
            while True:
                client.sendall(message)
        except TimeoutError:
            pass
    open(ready, "w").close()
    time.sleep(600)


def huge(size):
    sent = 0
    with connect() as client:
        try:
            client.sendall(b'{"method":"')
            while sent < size:
                sent += client.send(b"a" * min(1 << 20, size - sent))
        except (BrokenPipeError, ConnectionResetError):
            pass
    print(sent)


resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
command, arguments = sys.argv[2], sys.argv[3:]
if command == "call":
    print(call(arguments[0], [descriptor(text) for text in arguments[1:]]))
elif command == "flood":
    flood(int(arguments[0]), arguments[1], [descriptor(text) for text in arguments[2:]])
elif command == "stuck":
    stuck(int(arguments[0]), arguments[1])
else:
    huge(int(arguments[0]))
