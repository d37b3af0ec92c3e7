#!/bin/bash
# vm drive --timeout 900
# A USB disk, an image on it and a disc are mounted when they appear, and unmounted when they go, in use or not.
. "$(dirname "$0")/automount/host.sh"

inside install_package

# The files of the stick, and the image on it.
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
inside 'systemd-run -q --unit=reader3 \
    bash -c "while dd if=$media/STICK/big.bin of=/dev/null bs=64K iflag=direct; do :; done"'
"$VM" unplug stick
inside 'until_true 30 "pulled out while it is read" all_gone; none_failed'
inside 'until_true 20 "its reader ends" eval "[[ \$(systemctl is-active reader3) != active ]]"'
inside 'systemctl reset-failed reader3 2>/dev/null || true'

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

inside 'systemctl stop imaged.service 2>/dev/null; nothing_left; nothing_denied'
echo ok
