#!/bin/bash
# vm run --timeout 600
# apt removes the package while images are mounted, attached, and in use: nothing is left. Purging takes the rest, and
# the package can be installed again.
. /mnt/share/lib.sh

install_package
make_tree /root/tree
cd /root
xorriso -as mkisofs -quiet -R -V DISC -o disc.iso tree 2>/dev/null
mkfs.ext4 -q -q -F -L OVERFUSE -d tree fuse.img 24M
mkfs.ext4 -q -q -F -L DIRECT -d tree direct.img 24M
truncate -s 32M disk.img
sfdisk -q disk.img <<<$'label: gpt\nstart=2048, size=49152'
dd if=direct.img of=disk.img bs=1M seek=1 conv=notrunc status=none
qemu-img convert -O qcow2 disk.img disk.qcow2

imagectl mount disc.iso --as tree -q
imagectl mount fuse.img --via fuse --as kernel -q
imagectl mount direct.img --as kernel -q
device=$(imagectl attach disk.qcow2 | head -n 1)
udevadm settle
mkdir /mnt/of-others
mount -o ro "${device}p1" /mnt/of-others
sleep infinity </run/media/imaged/DISC/big.bin & readers=($!)
(cd /run/media/imaged/OVERFUSE/docs && exec sleep infinity) & readers+=($!)
(cd /mnt/of-others/docs && exec sleep infinity) & readers+=($!)
check "attachments" "$(imagectl list | tail -n +2 | wc -l)" 4

gone() {
    [[ -z $(grep -e imaged -e of-others /proc/self/mountinfo)$(pgrep imaged) ]]
}
log=$(DEBIAN_FRONTEND=noninteractive apt-get remove -y imaged 2>&1) || fail "apt: $log"
check "state of the package" "$(dpkg-query -W -f '${db:Status-Abbrev}' imaged)" "rc "
until_true 10 "mounts and processes gone" gone
check "readers that were ended" "$(kill -0 "${readers[@]}" 2>&1)" ""
kill "${readers[@]}"
wait 2>/dev/null || true
devices_gone() { [[ -z $(losetup --list --noheadings) ]]; }
until_true 20 "loop devices gone once their users are" devices_gone
check "units that failed" "$(systemctl --failed --plain --no-legend)" ""
check "units left" "$(systemctl list-units --all --state=loaded --plain --no-legend 'imaged*')" ""
check "socket" "$(ls -d /run/imaged 2>&1 || true)" "ls: cannot access '/run/imaged': No such file or directory"
check "the administrator's settings" "$(ls /etc/imaged)" imaged.conf

log=$(DEBIAN_FRONTEND=noninteractive apt-get purge -y imaged 2>&1) || fail "apt: $log"
check "state of the package" "$(dpkg-query -W -f '${db:Status-Abbrev}' imaged 2>/dev/null || true)" ""
check "files left" "$(find /etc /usr /var -xdev -ipath '*imaged*' -not -path '/var/log/*' \
    -not -path '/usr/share/lintian/*' | sort)" ""

install_package
check "after all that" "$(imagectl mount disc.iso)" /run/media/imaged/DISC
imagectl umount --all
nothing=$(imagectl list --json)
check "list" "$nothing" '{"attachments":[]}'
echo ok
