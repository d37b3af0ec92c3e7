#!/usr/bin/env python3
"""readers.py NAME=FILE=EXPECTED...: reads every FILE all the time, past the page cache, and compares it with EXPECTED.

EXPECTED is a file with the same bytes, which is read once. Each pass opens FILE anew and reads it in steps of 128 KiB,
each step once, from a place that moves on with every pass; between two steps the reader rests for 50 ms.

For each line on standard input it writes a line for each reader, "NAME STEPS LONGEST FAULTS", and an empty line: how
many steps ended since the line before, how long the longest took (opening, reading or closing; one that has not ended
counts with the time that it has taken so far), in ms, and how many faults there were. A fault is an error, a short read
or a wrong byte; it is told on standard error. Ends with standard input.
"""

import mmap
import os
import sys
import threading
import time

STEP = 128 << 10
REST = 0.05


class Reader(threading.Thread):
    """Reads one file. What is measured is the time between the call and its return, and nothing else."""

    def __init__(self, name, path, expected):
        super().__init__(daemon=True)
        self.label = name
        self.path = path
        with open(expected, "rb") as file:
            self.expected = file.read()
        self.lock = threading.Lock()
        self.began = None
        self.steps = self.faults = 0
        self.longest = 0.0

    def take(self):
        """What happened since the last call."""
        with self.lock:
            longest = self.longest
            if self.began is not None:
                longest = max(longest, time.monotonic() - self.began)
            told = f"{self.label} {self.steps} {longest * 1000:.0f} {self.faults}"
            self.steps = self.faults = 0
            self.longest = 0.0
            return told

    def timed(self, call):
        """Calls, and keeps how long it took."""
        with self.lock:
            self.began = time.monotonic()
        try:
            return call()
        finally:
            with self.lock:
                self.longest = max(self.longest, time.monotonic() - self.began)
                self.began = None

    def fault(self, what):
        """Tells of a fault."""
        print(f"{time.strftime('%T')} {self.label}: {what}", file=sys.stderr, flush=True)
        with self.lock:
            self.faults += 1

    def run(self):
        with mmap.mmap(-1, STEP) as page:
            view = memoryview(page)
            expected = memoryview(self.expected)
            steps = -(-len(expected) // STEP)
            number = 0
            while True:
                number += 1
                try:
                    file = self.timed(lambda: os.open(self.path, os.O_RDONLY | os.O_DIRECT))
                except OSError as error:
                    self.fault(f"open: {error}")
                    time.sleep(0.1)
                    continue
                for step in range(steps):
                    offset = (step + number * 7) % steps * STEP
                    wanted = expected[offset:offset + STEP]
                    try:
                        count = self.timed(lambda: os.preadv(file, [view], offset))
                        # A device goes on behind what is expected.
                        if count < len(wanted) or view[:len(wanted)] != wanted:
                            self.fault(f"{count} bytes at {offset} differ")
                    except OSError as error:
                        self.fault(f"read at {offset}: {error}")
                        time.sleep(0.1)
                    with self.lock:
                        self.steps += 1
                    time.sleep(REST)
                self.timed(lambda: os.close(file))


def main():
    readers = [Reader(*argument.split("=", 2)) for argument in sys.argv[1:]]
    for reader in readers:
        reader.start()
    for _ in sys.stdin:
        for reader in readers:
            print(reader.take())
        print(flush=True)


main()
