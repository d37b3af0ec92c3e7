#!/bin/bash
# vm run --timeout 600
# udev and udisks leave the loop devices of imaged alone: no probing, no links by label. Others' are probed as ever.
. /mnt/share/lib.sh
install_package

mkdir -p /var/tmp/images/tree && cd /var/tmp/images
echo hello >tree/hello.txt
mkfs.ext4 -q -F -L UNTRUSTED -d tree plain.img 8M
truncate -s 16M disk.img
sfdisk -q disk.img <<<$'label: gpt\nstart=2048, size=16384'
mkfs.ext4 -q -F -L INSIDE -d tree part.img 8M && dd if=part.img of=disk.img bs=1M seek=1 conv=notrunc status=none

properties() { udevadm info --query=property --name "$1"; }
count() { properties "$1" | grep -c "$2" || true; }

left_alone() { # what, device
    udevadm settle
    check "$1: known to udev" "$(count "$2" '^DEVNAME=')" 1
    check "$1: probed" "$(properties "$2" | grep -E '^ID_(FS|PART)_' || true)" ""
    check "$1: links" "$(properties "$2" | grep -E '^DEVLINKS=.*by-(label|uuid|partuuid)' || true)" ""
    check "$1: hidden from udisks" "$(properties "$2" | grep UDISKS_IGNORE)" UDISKS_IGNORE=1
    check "$1: its unit" "$(systemctl is-active "$(systemd-escape -p --suffix device "$2")")" active
}

for way in loop fuse; do
    device=$(imagectl attach plain.img --via $way | head -n 1)
    left_alone "attached by $way" "$device"
    udevadm trigger --settle --action change "/sys/block/${device#/dev/}"
    left_alone "attached by $way, looked at again" "$device"
    imagectl detach "$device" >/dev/null
    disk=$(imagectl attach disk.img --via $way | head -n 1)
    left_alone "disk by $way" "$disk"
    left_alone "partition by $way" "${disk}p1"
    imagectl detach "$disk" >/dev/null
done
mounted=$(imagectl mount plain.img --as kernel)
left_alone "mounted by the kernel" "$(findmnt -no SOURCE "$mounted")"
sleep 1
check "still mounted" "$(cat "$mounted/hello.txt")" hello
imagectl umount "$mounted" >/dev/null

# The same device number, and the same image, without imaged.
losetup "$device" plain.img
udevadm settle
check "somebody else's device" "$(properties "$device" | grep '^ID_FS_LABEL=')" ID_FS_LABEL=UNTRUSTED
check "somebody else's device is not hidden" "$(count "$device" UDISKS_IGNORE)" 0
losetup -d "$device"
no_trouble
systemctl stop imaged.service 2>/dev/null
nothing_left
