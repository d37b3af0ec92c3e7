#!/usr/bin/env python3
"""Fills a mounted, writable UDF file system with one of everything that the kernel's driver can make.

    populate.py DIRECTORY NUMBER_OF_SMALL_FILES
"""
import os
import socket
import stat
import sys


def pattern(seed, length):
    line = bytes((seed * 7 + i * 13) % 251 for i in range(61))
    return (line * (length // 61 + 1))[:length]


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def stamp(path, seconds, nanoseconds=0, follow=True):
    t = seconds * 10**9 + nanoseconds
    os.utime(path, ns=(t + 5 * 10**9, t), follow_symlinks=follow)


def main():
    root, small = sys.argv[1], int(sys.argv[2])
    os.chdir(root)
    os.umask(0o022)
    write("empty", b"")
    write("tiny", b"embedded in the ICB?\n")
    write("block-minus-one", pattern(1, 2047))
    write("medium", pattern(2, 70001))
    write("big", pattern(3, 300000))

    with open("holes", "wb") as f:               # hole, data, hole, data, hole
        f.seek(40000)
        f.write(pattern(4, 5000))
        f.seek(131072)
        f.write(pattern(5, 4096))
        f.truncate(200000)
    with open("all-hole", "wb") as f:
        f.truncate(66000)
    with open("comb", "wb") as f:                # more descriptors than an ICB holds: a continuation
        for i in range(140):
            f.seek(i * 8192 + 4096)
            f.write(pattern(i, 100))
    a, b = open("twin-a", "wb"), open("twin-b", "wb")
    for i in range(24):                          # fragments
        for f, seed in ((a, 6), (b, 8)):
            f.write(pattern(seed + i, 4096))
            f.flush()
            os.fsync(f.fileno())
    a.close()
    b.close()

    os.makedirs("dir/sub/deep/er")
    write("dir/sub/deep/er/leaf", b"leaf\n")
    write("dir/inner", pattern(9, 3000))
    os.link("dir/inner", "hard-link")
    os.link("dir/inner", "dir/sub/other hard link")
    os.mkdir("empty-dir")

    os.symlink("dir/inner", "link-relative")
    os.symlink("/etc/../usr/./share", "link-absolute")
    os.symlink("../../..", "dir/sub/link-up")
    os.symlink("/", "link-root")
    os.symlink("naïve/Ωμέγα", "link-unicode")
    os.symlink("/".join(["component-%02d" % i for i in range(12)]), "link-long")

    names = ["with space", "Grüße àéîõü", "Ελληνικά", "日本語のファイル名", "emoji-😀🎵",
             "x" * 253, "é" * 126, "漢" * 84, "back\\slash", "trailing.", ".hidden", "a:b*c?d<e>f|g\"h"]
    os.mkdir("names")
    for i, name in enumerate(names):
        try:
            write("names/" + name, b"%d\n" % i)
        except OSError as error:
            print("not made:", name.encode(), error)

    os.mkdir("many")
    for i in range(small + 40):
        write("many/file-%04d" % i, b"content %d\n" % i)
    for i in range(0, 80, 2):                    # deleted entries in the middle
        os.unlink("many/file-%04d" % i)
    os.rename("many/file-0001", "many/renamed to a name that is quite a bit longer than it was")

    os.mkfifo("fifo", 0o640)
    s = socket.socket(socket.AF_UNIX)
    s.bind("socket")
    s.close()
    os.mknod("null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    os.mknod("disk", 0o660 | stat.S_IFBLK, os.makedev(8, 17))

    for mode in (0o000, 0o444, 0o640, 0o755, 0o4755, 0o2755, 0o1777, 0o777):
        name = "mode-%04o" % mode
        write(name, b"m\n")
        os.chmod(name, mode)
    write("owned", b"o\n")
    os.chown("owned", 1000, 1001)
    os.chown("dir/sub", 4294967294, 65535)
    write("old", b"1970\n")
    stamp("old", 86400)
    write("new", b"2037\n")
    stamp("new", 2145916800, 123456000)
    stamp("link-root", 1000000000, 999999000, follow=False)
    stamp("dir", 1234567890, 7000)


main()
