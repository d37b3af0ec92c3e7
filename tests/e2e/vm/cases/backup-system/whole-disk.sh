#!/bin/bash
# In another system: the whole disk is saved, and restored onto a longer empty one.
. /mnt/share/lib.sh
install_package
udevadm settle
vgchange -q -an vg 2>/dev/null || true
mount /dev/disk/by-id/virtio-store /media
imagectl backup /dev/disk/by-id/virtio-sys /media/disk.qcow2
qemu-img check -q /media/disk.qcow2
imagectl restore /media/disk.qcow2 /dev/disk/by-id/virtio-new
# Two groups of volumes with one name: not to be seen by this system.
vgchange -q -an vg 2>/dev/null || true
imagectl info /media/disk.qcow2
umount /media
