#!/bin/bash
# vm drive tests/e2e/vm/examples/crash.sh
# Runs on the host: power cuts. What was synced must survive; what was not must be lost.
set -euo pipefail
"$VM" plug data --size 64M --serial DATA --volatile
"$VM" exec -- sh -ec '
    mkfs.ext4 -q /dev/disk/by-id/virtio-DATA && mkdir -p /data && mount /dev/disk/by-id/virtio-DATA /data
    echo kept >/data/kept && sync /data/kept && sync /data
    echo root >/root/kept && sync'
"$VM" exec -- sh -ec 'echo lost >/data/lost; echo lost >/root/lost'     # only in memory

"$VM" crash --lose-unflushed
"$VM" boot
"$VM" exec -- sh -ec '
    mkdir -p /data && mount /dev/disk/by-id/virtio-DATA /data
    [ "$(cat /data/kept)" = kept ] && [ ! -s /data/lost ]
    [ "$(cat /root/kept)" = root ] && [ ! -s /root/lost ]
    umount /data'

# On the bare disk: a write that reached the disk but was not flushed is lost, too.
"$VM" exec -- sh -ec '
    put() { head -c 4096 /dev/zero | tr "\\0" "$1" >/tmp/block; shift
            dd if=/tmp/block of=/dev/disk/by-id/virtio-DATA bs=4096 oflag=direct status=none "$@"; }
    put A seek=100 conv=fsync,notrunc
    put B seek=200 conv=notrunc'
"$VM" crash --lose-unflushed
"$VM" boot
"$VM" exec -- sh -ec '
    at() { dd if=/dev/disk/by-id/virtio-DATA bs=4096 count=1 skip="$1" status=none | head -c 1; }
    [ "$(at 100)" = A ]
    [ "$(at 200)" != B ]'
echo ok
