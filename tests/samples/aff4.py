# aff4.py FOLDER METHOD CODEC: makes the container image.aff4 and the disk in it, disk. A disk of three segments of
# chunks, the last chunk cut off, with a gap and symbols; METHOD is what the container calls the codec. Snappy is
# literals and one copy for each chunk, as no encoder of it is at hand.
import hashlib, random, struct, subprocess, sys, zipfile, zlib
folder, method, codec = sys.argv[1:]
size, chunk, per = 70000, 4096, 7
data = bytearray(b''.join(b'%d\n' % n for n in range(20000))[:size])
data[8192:12288] = random.Random(1).randbytes(4096)
data = bytes(data)
def snappy(b):
    head, tail = b[:-64], b[-64:]
    out = struct.pack('<BB', len(b) & 0x7f | 0x80, len(b) >> 7)
    out += struct.pack('<BH', 61 << 2, len(head) - 1) + head
    assert tail == head[-64:]
    return out + struct.pack('<BH', 63 << 2 | 2, 64)
def lz4(b):
    out = subprocess.run(['lz4', '-c', '-B4', '--no-frame-crc', '-BX'], input=b, capture_output=True).stdout
    at = 7
    n = struct.unpack_from('<I', out, at)[0]
    assert not n >> 31
    return out[at + 4:at + 4 + n]
def pack(b):
    b = b.ljust(chunk, b'\0')
    if codec == 'none': return b
    if codec == 'zlib': c = zlib.compress(b)
    if codec == 'deflate': c = zlib.compress(b)[2:-4]
    if codec == 'snappy': c = snappy(b) if b[-64:] == b[-128:-64] else b
    if codec == 'lz4': c = lz4(b) if b != data[8192:12288] else b
    return c if len(c) < chunk - 16 else b
if codec == 'snappy':
    data = b''.join((data[i:i + 3968] + data[i:i + 64] * 2)[:chunk] for i in range(0, size, chunk))[:size]
stream, table = 'aff4://11111111-1111', 'aff4://22222222-2222'
z = zipfile.ZipFile(folder + '/image.aff4', 'w')
z.comment = b'aff4://00000000-0000'
z.writestr('container.description', z.comment)
z.writestr('version.txt', 'major=1\nminor=0\ntool=test\n')
parts = [pack(data[i:i + chunk]) for i in range(0, size, chunk)]
for n in range(0, len(parts), per):
    bevy, index = b'', b''
    for p in parts[n:n + per]:
        index += struct.pack('<QI', len(bevy), len(p))
        bevy += p
    name = 'aff4%%3A%%2F%%2F11111111-1111/%08d' % (n // per)
    z.writestr(name, bevy)
    z.writestr(name + '.index', index)
entries = [(0, 50000, 100, 0), (50000, 300, 7, 1), (60000, 19900, 50100, 0), (79900, 1100000, 5, 2)]
z.writestr('aff4%3A%2F%2F22222222-2222/map', b''.join(struct.pack('<QQQI', *e) for e in entries))
schema = 'http://aff4.org/Schema#'
names = [stream, schema + 'SymbolicStream7E', schema + 'UnknownData']
z.writestr('aff4%3A%2F%2F22222222-2222/idx', '\n'.join(names) + '\n')
unknown = ((b'UNKNOWN' * 150000)[:1 << 20] * 2)[5:1100005]
disk = data[100:50100] + b'~' * 300 + bytes(9700) + data[50100:70000] + unknown
disk += bytes(1200000 - len(disk))
open(folder + '/disk', 'wb').write(disk)
z.writestr('information.turtle', f'''@prefix aff4: <{schema}> .
# a comment
<aff4://33333333-3333> a aff4:DiskImage, aff4:Image ;
    aff4:caseName "a \\"name\\"; with, marks."@en ; aff4:dataStream <{table}> ;
    aff4:hash "{hashlib.sha256(disk).hexdigest()}"^^aff4:SHA256 .
<{table}> a aff4:Map ; aff4:size {len(disk)} .
<{stream}> a aff4:ImageStream ; aff4:size "{size}"^^<http://www.w3.org/2001/XMLSchema#long> ;
    aff4:chunkSize {chunk} ; aff4:chunksInSegment {per} ; aff4:compressionMethod <{method}> ;
    aff4:hash "{hashlib.md5(data).hexdigest()}"^^aff4:MD5.
''', compress_type=zipfile.ZIP_DEFLATED)
z.close()
