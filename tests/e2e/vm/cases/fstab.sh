#!/bin/bash
# vm drive --timeout 900
# mount(8), lines of fstab at boot, an automount, and the tools that look at mounts.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/before" <<'END'
#!/bin/bash
. /mnt/share/lib.sh
no_loops() { [[ -z $(losetup --list --noheadings) ]]; }
is_inside() { [[ $(readlink "/proc/$1/cwd") == /mnt/part ]]; }
install_package
mkdir -p /srv/images /mnt/{disc,part,auto,missing,forced}
make_tree /srv/tree
cd /srv/images
xorriso -as mkisofs -quiet -R -V DISC -o disc.iso /srv/tree 2>/dev/null
mkfs.ext4 -q -F -L PART -E root_owner=0:0 -d /srv/tree part.img 40M
truncate -s 42M disk.img
sfdisk -q disk.img <<<$'label: gpt\nstart=2048, size=81920'
dd if=part.img of=disk.img bs=1M seek=1 conv=notrunc status=none

# The exit status of mount(8).
mount -t imaged -o imaged.as=tree disc.iso /mnt/disc
check "type" "$(findmnt -n -o FSTYPE /mnt/disc | cut -d. -f1)" fuse
umount /mnt/disc
status=0; mount -t imaged.nrg disc.iso /mnt/forced 2>/tmp/said || status=$?
check "status of a forced format" $status 32
grep -q nrg /tmp/said || fail "a forced format: $(</tmp/said)"
status=0; mount -t imaged -o imaged.nonsense=1 disc.iso /mnt/forced 2>/tmp/said || status=$?
check "status of a wrong option" $status 1
status=0; mount -t imaged gone.iso /mnt/forced 2>/tmp/said || status=$?
check "status without an image" $status 32

# The tools that look at mounts.
mount -t imaged -o imaged.partition=1,imaged.as=kernel disk.img /mnt/part
source=$(findmnt -n -o SOURCE /mnt/part)
check "lsblk" "$(lsblk -n -o MOUNTPOINTS "$source" | tr -d ' \n')" /mnt/part
(cd /mnt/part && exec sleep 60) &
sleep=$!
until_true 10 "a user of the mount" is_inside $sleep
fuser -m /mnt/part 2>/dev/null | grep -qw "$sleep" || fail "fuser does not see who uses it"
status=0; umount /mnt/part 2>/dev/null || status=$?
check "status of umount in use" $status 32
kill $sleep
wait $sleep 2>/dev/null || true
umount /mnt/part
until_true 10 "the loop device to go" no_loops

cat >>/etc/fstab <<'FSTAB'
/srv/images/disc.iso /mnt/disc imaged ro,nofail 0 0
/srv/images/disk.img /mnt/part imaged ro,imaged.partition=1,imaged.as=kernel 0 0
/srv/images/disc.iso /mnt/auto imaged ro,noauto,x-systemd.automount 0 0
/srv/images/missing.iso /mnt/missing imaged ro,nofail 0 0
FSTAB
sync
END

cat >"$work/after" <<'END'
#!/bin/bash
. /mnt/share/lib.sh
nothing_listed() { [[ $(imagectl list --json) == '{"attachments":[]}' ]]; }
check "mounted at boot" "$(diff -r /srv/tree /mnt/disc 2>&1)" ""
check "partition mounted at boot" "$(diff -r -x lost+found /srv/tree /mnt/part 2>&1)" ""
check "its type" "$(findmnt -n -o FSTYPE /mnt/part)" ext4
check "local file systems" "$(systemctl is-active local-fs.target)" active
check "automount before it is used" "$(systemctl is-active mnt-auto.automount mnt-auto.mount | tr '\n' ' ')" \
    "active inactive "
check "automount" "$(cat /mnt/auto/docs/hello.txt)" "Hello from inside an image."
check "units that failed" "$(systemctl --failed --plain --no-legend | awk '{ print $1 }')" mnt-missing.mount
check "ordering cycles" "$(journalctl -b -o cat -g 'ordering cycle' -q || true)" ""
check "images" "$(imagectl list --json | jq '.attachments | length')" 3
systemctl stop mnt-auto.automount mnt-auto.mount mnt-part.mount mnt-disc.mount
until_true 10 "everything to go" nothing_listed
echo "ok: $(uname -r), $(systemctl --version | head -n 1)"
END

"$VM" script "$work/before"
"$VM" reboot
"$VM" script "$work/after"
