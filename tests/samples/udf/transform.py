#!/usr/bin/env python3
"""Turns a volume of mkudffs (hard disk, blocks of 2048 bytes, one physical partition, long allocation descriptors) that
the kernel filled into one with a virtual or a metadata partition, which no free tool makes with content.

    transform.py vat150|vat200|metadata IN.img OUT.img
    transform.py sparing IN.img OUT.img         IN has a sparable partition already; here some packets are replaced

For the first three, every ICB (and for `metadata` the content of every directory) moves to the new partition, reference 1, under another block
number; names and tags follow. File content keeps its place in partition 0.
"""
import struct
import sys

BS = 2048


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xffff
    return crc


def seal(buffer, at, location=None, ident=None, crc_length=None):
    """Makes the tag at a byte offset right again."""
    if ident is not None:
        struct.pack_into("<H", buffer, at, ident)
        struct.pack_into("<H", buffer, at + 2, 3)
    if crc_length is not None:
        struct.pack_into("<H", buffer, at + 10, crc_length)
    if location is not None:
        struct.pack_into("<I", buffer, at + 12, location)
    length = struct.unpack_from("<H", buffer, at + 10)[0]
    struct.pack_into("<H", buffer, at + 8, crc16(buffer[at + 16:at + 16 + length]))
    buffer[at + 4] = (sum(buffer[at:at + 4]) + sum(buffer[at + 5:at + 16])) & 0xff


class Volume:
    def __init__(self, data):
        self.data = data
        main, = struct.unpack_from("<I", data, 256 * BS + 20)
        reserve, = struct.unpack_from("<I", data, 256 * BS + 28)
        self.sequences = [main, reserve]
        for block in range(main, main + 16):
            ident, = struct.unpack_from("<H", data, block * BS)
            if ident == 5:
                self.start, self.length = struct.unpack_from("<II", data, block * BS + 188)
            if ident == 6:
                self.file_set, = struct.unpack_from("<I", data, block * BS + 252)
                self.lvid, = struct.unpack_from("<I", data, block * BS + 436)

    def at(self, block):
        return (self.start + block) * BS

    def entry(self, block):
        """File type, kind of descriptors, their offset and length, information length."""
        at = self.at(block)
        ident, = struct.unpack_from("<H", self.data, at)
        header = {0x105: 176, 0x10a: 216}[ident]
        attributes, descriptors = struct.unpack_from("<II", self.data, at + header - 8)
        kind = struct.unpack_from("<H", self.data, at + 34)[0] & 7
        length, = struct.unpack_from("<Q", self.data, at + 56)
        return self.data[at + 27], kind, at + header + attributes, descriptors, length

    def content(self, block):
        """Byte offset in the image of each byte run of a directory, and its descriptors' offsets."""
        _, kind, offset, size, length = self.entry(block)
        if kind == 3:
            return [(offset, size, None)]
        assert kind == 1
        runs = []
        for i in range(offset, offset + size, 16):
            run, position, reference = struct.unpack_from("<IIH", self.data, i)
            if run & 0x3fffffff and length > 0:
                assert run >> 30 == 0 and reference == 0
                runs.append((self.at(position), min(run, length), i))
                length -= run
        return runs

    def names(self, block):
        """Offset in the directory, ICB block and flags of each name; the bytes of the directory."""
        data = b"".join(bytes(self.data[o:o + n]) for o, n, _ in self.content(block))
        at = 0
        while at < len(data):
            use, = struct.unpack_from("<H", data, at + 36)
            size = (38 + use + data[at + 19] + 3) & ~3
            yield at, struct.unpack_from("<I", data, at + 24)[0], data[at + 18], size
            at += size

    def rename(self, block, mapping):
        """Writes the new addresses of the ICBs into a directory."""
        runs = self.content(block)
        data = bytearray(b"".join(bytes(self.data[o:o + n]) for o, n, _ in runs))
        for at, icb, flags, size in list(self.names(block)):
            if flags & 4:
                continue
            struct.pack_into("<IH", data, at + 24, mapping[icb], 1)
            seal(data, at)
        for offset, size, _ in runs:
            self.data[offset:offset + size] = data[:size]
            del data[:size]

    def move(self, block, number):
        """Gives an ICB its new block number: in its tag, and in that of its extended attributes."""
        at = self.at(block)
        header = {0x105: 176, 0x10a: 216}[struct.unpack_from("<H", self.data, at)[0]]
        if struct.unpack_from("<I", self.data, at + header - 8)[0] >= 24:
            seal(self.data, at + header, number)
        seal(self.data, at, number)

    def walk(self):
        """ICB blocks of all nodes, and of the directories among them."""
        root, = struct.unpack_from("<I", self.data, self.at(self.file_set) + 404)
        nodes, directories, todo = {root: None}, [], [root]
        while todo:
            block = todo.pop()
            if self.entry(block)[0] != 4:
                continue
            directories.append(block)
            for _, icb, flags, _ in self.names(block):
                if not flags & 4 and icb not in nodes:
                    nodes[icb] = None
                    todo.append(icb)
        return list(nodes), directories, root

    def edit_descriptors(self, ident, change):
        for first in self.sequences:
            for block in range(first, first + 16):
                if struct.unpack_from("<H", self.data, block * BS)[0] == ident:
                    change(block * BS)
                    seal(self.data, block * BS)

    def add_map(self, second, file_set, revision):
        def change(at):
            struct.pack_into("<H", self.data, at + 240, revision)
            struct.pack_into("<IHI", self.data, at + 252, file_set, 1, 0)
            struct.pack_into("<II", self.data, at + 264, 6 + len(second), 2)
            self.data[at + 446:at + 446 + len(second)] = second
            struct.pack_into("<H", self.data, at + 10, 440 + 6 + len(second) - 16)
        self.edit_descriptors(6, change)
        at = self.lvid * BS                     # one more partition in the integrity descriptor
        impl = bytes(self.data[at + 88:at + 88 + 46])
        size, free = struct.unpack_from("<I", self.data, at + 84)[0], 0
        struct.pack_into("<I", self.data, at + 72, 2)
        struct.pack_into("<IIII", self.data, at + 80, free, 0xffffffff, size, 0xffffffff)
        self.data[at + 96:at + 96 + 46] = impl
        for i in (40, 42, 44):
            struct.pack_into("<H", self.data, at + 96 + i, revision)
        seal(self.data, at, crc_length=88 + 8 + 46 - 16)


def regid(name, suffix):
    return bytes(1) + name.ljust(23, b"\0") + suffix.ljust(8, b"\0")


def type2(name, revision, rest):
    return (struct.pack("<BBH", 2, 64, 0) + regid(name, struct.pack("<H", revision)) + struct.pack("<HH", 1, 0) + rest
            ).ljust(64, b"\0")


def make_entry(volume, block, file_type, revision, content=None, runs=None, length=None):
    """Writes a file entry at a block of partition 0: content inside, or short descriptors."""
    at = volume.at(block)
    volume.data[at:at + BS] = bytes(BS)
    ident, header = (0x10a, 216) if revision >= 0x200 else (0x105, 176)
    body = content if runs is None else b"".join(struct.pack("<II", n, b) for b, n in runs)
    struct.pack_into("<HHH", volume.data, at + 20, 4, 0, 1)
    volume.data[at + 27] = file_type
    struct.pack_into("<H", volume.data, at + 34, 3 if runs is None else 0)
    struct.pack_into("<III", volume.data, at + 36, 0xffffffff, 0xffffffff, 0)
    size = len(content) if runs is None else length
    struct.pack_into("<HBBIQ", volume.data, at + 48, 1, 0, 0, 0, size)
    if revision >= 0x200:
        struct.pack_into("<QQ", volume.data, at + 64, size, 0 if runs is None else -(-size // BS))
    else:
        struct.pack_into("<Q", volume.data, at + 64, 0 if runs is None else -(-size // BS))
    stamps = (80, 92, 104, 116) if revision >= 0x200 else (72, 84, 96)
    for stamp in stamps:
        struct.pack_into("<HhBBBBBBBB", volume.data, at + stamp, 0x1000, 2026, 1, 2, 3, 4, 5, 0, 0, 0)
    struct.pack_into("<II", volume.data, at + header - 8, 0, len(body))
    volume.data[at + header:at + header + len(body)] = body
    seal(volume.data, at, block, ident, header + len(body) - 16)


def to_virtual(volume, revision):
    nodes, directories, root = volume.walk()
    blocks = [volume.file_set] + sorted(nodes, reverse=True)     # not in the order of the disc
    mapping = {block: number + 3 for number, block in enumerate(blocks)}
    for block in directories:
        volume.rename(block, mapping)
    for block in nodes:
        volume.move(block, mapping[block])
    at = volume.at(volume.file_set)
    struct.pack_into("<IH", volume.data, at + 404, mapping[root], 1)
    seal(volume.data, at, mapping[volume.file_set])
    table = [0xffffffff] * 3 + blocks

    def close(at):
        struct.pack_into("<I", volume.data, at + 184, 2)         # write once
        struct.pack_into("<I", volume.data, at + 192, len(volume.data) // BS - volume.start + 8)
        volume.data[at + 56:at + 56 + 128] = bytes(128)          # no space bitmap
    volume.edit_descriptors(5, close)
    volume.add_map(type2(b"*UDF Virtual Partition", revision, b""), mapping[volume.file_set], revision)
    end = len(volume.data) // BS
    if revision >= 0x200:
        header = (struct.pack("<HH", 152, 0) + b"\x08a label".ljust(127, b"\0") + b"\x08"
                  + struct.pack("<IIIHHHH", 0xffffffff, 1, 1, revision, revision, revision, 0))
        content = header + struct.pack("<%dI" % len(table), *table)
        volume.data += bytes(BS)
        make_entry(volume, end - volume.start, 248, revision, content=content)
    else:
        content = struct.pack("<%dI" % len(table), *table) + regid(
            b"*UDF Virtual Alloc Tbl", struct.pack("<H", revision)) + struct.pack("<I", 0xffffffff)
        padded = content.ljust(-(-len(content) // BS) * BS, b"\0")
        volume.data += padded + bytes(BS)
        last = len(volume.data) // BS - 1
        make_entry(volume, last - volume.start, 0, revision, runs=[(end - volume.start, len(content))],
                   length=len(content))


def to_metadata(volume, revision):
    nodes, directories, root = volume.walk()
    content = []                                                  # blocks of directories follow each other in pieces
    for block in directories:
        for offset, size, descriptor in volume.content(block):
            if descriptor is not None:
                first = offset // BS - volume.start
                content += range(first, first + -(-size // BS))
    singles = sorted([volume.file_set] + nodes, reverse=True)
    order = singles[:len(singles) // 2] + sorted(content) + singles[len(singles) // 2:]
    mapping = {block: number + 5 for number, block in enumerate(order)}
    for block in directories:
        volume.rename(block, mapping)
        for offset, _, descriptor in volume.content(block):
            if descriptor is not None:
                struct.pack_into("<IH", volume.data, descriptor + 4, mapping[offset // BS - volume.start], 1)
    for block in nodes:
        volume.move(block, mapping[block])
    at = volume.at(volume.file_set)
    struct.pack_into("<IH", volume.data, at + 404, mapping[root], 1)
    seal(volume.data, at, mapping[volume.file_set])

    # The file is the blocks where they are, behind five that hold nothing; the mirror is a copy in one piece.
    end = len(volume.data) // BS
    count = 5 + len(order)
    volume.data += bytes((2 + 5 + count) * BS)
    unused, mirror, copy = end - volume.start, end - volume.start + 1, end - volume.start + 7
    runs = [(end - volume.start + 2, 5 * BS)]
    for block in order:
        first, size = runs[-1]
        if first + size // BS == block:
            runs[-1] = (first, size + BS)
        else:
            runs.append((block, BS))
        target = volume.at(copy + mapping[block])
        volume.data[target:target + BS] = volume.data[volume.at(block):volume.at(block) + BS]
    make_entry(volume, unused, 250, revision, runs=runs, length=count * BS)
    make_entry(volume, mirror, 251, revision, runs=[(copy, count * BS)], length=count * BS)

    def grow(at):
        struct.pack_into("<I", volume.data, at + 192, len(volume.data) // BS - volume.start)
    volume.edit_descriptors(5, grow)
    rest = struct.pack("<IIIIHBB", unused, mirror, 0xffffffff, 32, 1, 1, 0)
    volume.add_map(type2(b"*UDF Metadata Partition", revision, rest), mapping[volume.file_set], revision)


def spare(volume):
    """Replaces the packets that hold the directories and file entries, and overwrites the originals."""
    logical = next(b for b in range(volume.sequences[0], volume.sequences[0] + 16)
                   if struct.unpack_from("<H", volume.data, b * BS)[0] == 6) * BS
    map2 = logical + 440
    packet, tables = struct.unpack_from("<HB", volume.data, map2 + 40)
    nodes, _, _ = volume.walk()
    packets = sorted({block - block % packet for block in [volume.file_set] + nodes})
    packets = packets[:1] + packets[2::2]                         # some, not all
    for i in range(tables):
        table = struct.unpack_from("<I", volume.data, map2 + 48 + 4 * i)[0] * BS
        for k, original in enumerate(packets):
            free, target = struct.unpack_from("<II", volume.data, table + 56 + 8 * k)
            assert free == 0xffffffff
            struct.pack_into("<I", volume.data, table + 56 + 8 * k, original)
            if i == 0:
                at, size = volume.at(original), packet * BS
                volume.data[target * BS:target * BS + size] = volume.data[at:at + size]
        struct.pack_into("<I", volume.data, table + 52, 7)
        seal(volume.data, table)
    for original in packets:
        volume.data[volume.at(original):volume.at(original + packet)] = b"\xee" * (packet * BS)
    print(len(packets), "packets of", packet, "blocks replaced")


def main():
    kind, source, target = sys.argv[1:]
    with open(source, "rb") as f:
        volume = Volume(bytearray(f.read()))
    if kind == "sparing":
        spare(volume)
    elif kind == "metadata":
        to_metadata(volume, 0x250)
    else:
        to_virtual(volume, {"vat150": 0x150, "vat200": 0x201}[kind])
    with open(target, "wb") as f:
        f.write(volume.data)


main()
