#!/bin/bash
# vm drive tests/e2e/vm/examples/hotplug/hotplug.sh
# Runs on the host: plugs devices into the machine and checks that a udev rule with
# SYSTEMD_WANTS starts a unit for each one. `vm drive` sets $VM and IMAGED_VM_NAME.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

truncate -s 16M "$tmp/stick.img"
mkfs.vfat -n STICK "$tmp/stick.img" >/dev/null
mkdir "$tmp/tree" && echo hello >"$tmp/tree/hello.txt"
truncate -s 4M "$tmp/ext.img"
mkfs.ext4 -q -b 4096 -L DISC -d "$tmp/tree" "$tmp/ext.img"    # stands for an ISO: a drive takes any image

"$VM" script "$here/guest-setup.sh"
seen() { "$VM" script "$here/guest-expect.sh" "$@"; }

"$VM" plug stick --bus usb --image "$tmp/stick.img" --serial STICK1; seen STICK
"$VM" unplug stick;                                                  seen gone STICK
"$VM" plug blk --size 32M --serial BLK1                            # no file system: no unit
"$VM" plug cd0 --bus scsi-cd                                       # an empty drive
"$VM" insert cd0 "$tmp/ext.img";                                     seen DISC
"$VM" exec -- sh -c 'mount -o ro /dev/sr0 /media && cat /media/hello.txt && umount /media'
"$VM" eject cd0;                                                     seen gone DISC
"$VM" unplug blk
"$VM" unplug cd0
echo ok
