#!/bin/bash
# In the restored system.
. /mnt/share/lib.sh
check "root" "$(findmnt -n -o SOURCE /)" /dev/mapper/vg-root
check "the disk of its group of volumes" "$(lsblk -n -s -o SERIAL /dev/vg/root | xargs)" new
check "the file" "$(cat /etc/marker)" "the second"
check "its table" "$(sfdisk --verify /dev/disk/by-id/virtio-new 2>&1 | grep -c '^No errors detected')" 1
check "its files" "$(sha256sum </srv/tree/big.bin)" "$(cat /backup/big.sha256)"
imagectl backup list
check "errors of the kernel" "$(dmesg | grep -E 'I/O error|EXT4-fs error' || true)" ""
check "units that failed" "$(systemctl --failed --plain --no-legend)" ""
