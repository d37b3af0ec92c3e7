#!/bin/bash
# In the restored system.
. /mnt/share/lib.sh
check "root" "$(findmnt -n -o SOURCE /)" /dev/mapper/vg-root
check "the disk of its group of volumes" "$(lsblk -n -s -o SERIAL /dev/vg/root | xargs)" new
check "the file" "$(cat /etc/marker)" "the second"
check "its table" "$(sfdisk --verify /dev/disk/by-id/virtio-new 2>&1 | grep -ci -e error -e corrupt)" 0
cmp -n 2000000 /srv/tree/big.bin /srv/tree/big.bin
imagectl backup list
check "errors of the kernel" "$(dmesg | grep -E 'I/O error|EXT4-fs error' || true)" ""
check "units that failed" "$(systemctl --failed --plain --no-legend)" ""
