#!/bin/bash
# vm drive --timeout 900
# USB disks and discs that appear are mounted, with the images on them, and unmounted when they go, in use or not.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

here=$(dirname "$0")
inside() { # a line of bash, with the functions of inside.sh
    echo "inside: $*"
    "$VM" script "$here/automount-device/inside.sh" "$*" || { echo "FAILED: $*"; exit 1; }
}

# On the host: a FAT stick with an image on it, an ext4 stick with two partitions, a disc, what only the kernel reads.
mkdir -p "$work/tree"
echo "Hello from a disc." >"$work/tree/hello.txt"
head -c 2M /dev/urandom >"$work/tree/big.bin"
xorriso -as mkisofs -quiet -R -V INNER -o "$work/inner.iso" "$work/tree" 2>/dev/null
xorriso -as mkisofs -quiet -R -J -V DISC -o "$work/disc.iso" "$work/tree" 2>/dev/null
truncate -s 32M "$work/fat.img"
mkfs.vfat -n STICK "$work/fat.img" >/dev/null
mmd -i "$work/fat.img" ::/images
mcopy -i "$work/fat.img" "$work/tree/hello.txt" "$work/tree/big.bin" ::/
mcopy -i "$work/fat.img" "$work/inner.iso" ::/images/inner.iso
echo "no image" >"$work/readme.txt"
mcopy -i "$work/fat.img" "$work/readme.txt" ::/images/readme.txt
truncate -s 40M "$work/two.img"
sfdisk -q "$work/two.img" <<<$'label: dos\nstart=2048, size=32768, type=83\nstart=36864, size=32768, type=83'
truncate -s 16M "$work/part.img"
mkfs.ext4 -q -F -L 'UPPER ..' -d "$work/tree" "$work/part.img"
dd if="$work/part.img" of="$work/two.img" bs=1M seek=1 conv=notrunc status=none
mkfs.ext4 -q -F -L LOWER -d "$work/tree" "$work/part.img"
dd if="$work/part.img" of="$work/two.img" bs=1M seek=18 conv=notrunc status=none
truncate -s 8M "$work/none.img"
mkfs.erofs "$work/none.img" "$work/tree" >/dev/null 2>&1

inside install_package

# Off by default.
"$VM" plug stick --bus usb --image "$work/fat.img" --serial SERIAL1
inside 'until_true 30 "it says that it is off" has_told "to turn that on: automount-devices = yes"'
inside 'check "mounted while it is off" "$(ls $media 2>/dev/null)" ""; none_failed'
"$VM" unplug stick
inside 'until_true 30 "the unit ends" no_units; none_failed'

# On: the files of the stick, and the image on it.
inside 'apply "automount-devices = yes" "automount-images = /images"'
"$VM" plug stick --bus usb --image "$work/fat.img" --serial SERIAL1
inside 'until_true 60 "the stick" is_mounted STICK; until_true 30 "the image on it" is_mounted INNER'
inside 'until_true 30 "what is no image" has_told "readme.txt'"'"' is not mounted:"'
inside 'check "a file" "$(cat $media/STICK/HELLO.TXT 2>/dev/null || cat $media/STICK/hello.txt)" "Hello from a disc."'
inside 'cmp $media/STICK/big.bin $media/INNER/big.bin'
inside 'check "options" "$(findmnt -no OPTIONS $media/STICK | grep -o "^ro,nosuid,nodev")" ro,nosuid,nodev'

# Pulled out while files on both are held open.
inside 'systemd-run -q --unit=reader1 bash -c "exec 3<$media/STICK/big.bin; sleep infinity"'
inside 'systemd-run -q --unit=reader2 bash -c "exec 3<$media/INNER/big.bin; cd $media/INNER; sleep infinity"'
"$VM" unplug stick
inside 'until_true 30 "pulled out while in use" all_gone; none_failed'
inside 'timeout 10 imagectl list >/dev/null'

# Put in again while the old ones are still held.
"$VM" plug stick --bus usb --image "$work/fat.img" --serial SERIAL1
inside 'until_true 60 "put in again" is_mounted STICK; until_true 30 "its image again" is_mounted INNER'
inside 'cmp $media/STICK/big.bin $media/INNER/big.bin'
inside 'timeout 20 systemctl stop reader1 reader2'
inside 'systemctl restart "imaged-automount@*"; until_true 60 "restarted" is_mounted STICK'

# Pulled out while it is read all the time.
inside 'systemd-run -q --unit=reader3 bash -c "while dd if=$media/STICK/big.bin of=/dev/null bs=64K iflag=direct; do :; done"'
"$VM" unplug stick
inside 'until_true 30 "pulled out while it is read" all_gone; none_failed'
inside 'until_true 20 "its reader ends" eval "[[ \$(systemctl is-active reader3) != active ]]"'
inside 'systemctl reset-failed reader3 2>/dev/null || true'

# Two partitions; a label that nobody would choose.
"$VM" plug two --bus usb --image "$work/two.img" --serial SERIAL2
inside 'until_true 60 "a partition" is_mounted LOWER; until_true 60 "the other one" is_mounted "UPPER\\\\040.."'
inside 'cmp $media/LOWER/big.bin "$media/UPPER ../big.bin"'

# An administrator stops a unit; the other one goes with its device.
inside 'systemctl stop "imaged-automount@*sdb1.service" "imaged-automount@*sda1.service"; none_failed'
"$VM" unplug two
inside 'until_true 30 "both" all_gone; none_failed'

# A disc.
"$VM" plug drive --bus scsi-cd
"$VM" insert drive "$work/disc.iso"
inside 'until_true 60 "a disc" is_mounted DISC; cat $media/DISC/hello.txt'
"$VM" eject drive
inside 'until_true 30 "ejected" all_gone; none_failed'
"$VM" insert drive "$work/inner.iso"
inside 'until_true 60 "another disc" is_mounted INNER'
inside 'systemd-run -q --unit=reader4 bash -c "exec 3<$media/INNER/big.bin; sleep infinity"'
"$VM" eject drive
inside 'until_true 30 "ejected while in use" all_gone; none_failed; systemctl stop reader4'
"$VM" unplug drive

# Which devices: by what udev knows of them.
inside 'apply "automount-devices = yes" "automount-allow = bus:usb label:OTHER*" "automount-allow = serial:SERIAL9"'
"$VM" plug stick --bus usb --image "$work/fat.img" --serial SERIAL1
inside 'until_true 60 "refused" has_told "is not mounted: no line '"'"'automount-allow'"'"' fits it"'
inside 'check "mounted though refused" "$(ls $media)" ""'
"$VM" unplug stick
inside 'until_true 30 "gone" no_units'
for rule in 'bus:usb label:st*' 'serial:*SERIAL1' 'path:/dev/disk/by-label/STICK' 'uuid:????-????'; do
    inside "apply 'automount-devices = yes' 'automount-allow = label:OTHER' 'automount-allow = $rule'"
    "$VM" plug stick --bus usb --image "$work/fat.img" --serial SERIAL1
    inside 'until_true 60 "allowed" is_mounted STICK; is_gone INNER'
    "$VM" unplug stick
    inside 'until_true 30 "gone" all_gone'
done

# What imaged does not read itself: the kernel does when it is allowed to.
inside 'apply "automount-devices = yes"'
"$VM" plug none --bus usb --image "$work/none.img" --serial SERIAL3
inside 'until_true 60 "not without the kernel" eval "(( \$(units active) == 1 ))"; check mounts "$(ls $media)" ""; none_failed'
"$VM" unplug none
inside 'until_true 30 "gone" no_units; apply "automount-devices = yes" "automount-kernel = yes"'
"$VM" plug none --bus usb --image "$work/none.img" --serial SERIAL3
inside 'until_true 60 "by the kernel" grep -q "erofs" /proc/self/mountinfo; cmp $media/*/hello.txt <(echo "Hello from a disc.")'
"$VM" unplug none
inside 'until_true 30 "gone" no_units; until_true 20 "its mount" eval "[[ -z \$(ls \$media) ]]"; none_failed'

# Only the images, not the device's own files.
inside 'apply "automount-images = /images"'
"$VM" plug stick --bus usb --image "$work/fat.img" --serial SERIAL1
inside 'until_true 60 "only the image" is_mounted INNER; cat $media/INNER/hello.txt'
"$VM" unplug stick
inside 'until_true 30 "gone" all_gone; none_failed'
inside 'systemctl stop imaged.service 2>/dev/null; nothing_left'
echo ok
