#!/usr/bin/env python3
"""Prints what the kernel says about every node below a mounted directory, one line each, in byte order of the paths:

    path  type  mode  uid  gid  links  size  blocks  atime  mtime  ctime  device  target  sha256

separated by tabs; the root's path is `.`; times in nanoseconds, blocks of 512 bytes, a dash for what does not apply.
"""
import hashlib
import os
import stat
import sys

TYPES = {stat.S_IFREG: "f", stat.S_IFDIR: "d", stat.S_IFLNK: "l", stat.S_IFIFO: "p", stat.S_IFSOCK: "s",
         stat.S_IFCHR: "c", stat.S_IFBLK: "b"}


def show(path):
    s = os.lstat(path)
    kind = TYPES[stat.S_IFMT(s.st_mode)]
    target = os.readlink(path) if kind == "l" else b"-"
    device = b"%d:%d" % (os.major(s.st_rdev), os.minor(s.st_rdev)) if kind in "bc" else b"-"
    digest = "-"
    if kind == "f":
        with open(path, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
    name = path if path == b"." else path[2:]
    numbers = (s.st_uid, s.st_gid, s.st_nlink, s.st_size, s.st_blocks, s.st_atime_ns, s.st_mtime_ns, s.st_ctime_ns)
    fields = [name, kind.encode(), b"%o" % stat.S_IMODE(s.st_mode), *(b"%d" % n for n in numbers), device, target,
              digest.encode()]
    sys.stdout.buffer.write(b"\t".join(fields) + b"\n")


def main():
    os.chdir(sys.argv[1])
    paths = [b"."]
    for folder, directories, files in os.walk(b"."):
        paths += [os.path.join(folder, name) for name in directories + files]
    for path in sorted(paths):
        show(path)


main()
