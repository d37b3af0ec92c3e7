#!/bin/bash
# vm run --timeout 600
# apt installs the package on a system that has never seen it and has no network; it works at once.
. /mnt/share/lib.sh

install_package
check "state of the package" "$(dpkg-query -W -f '${db:Status-Abbrev}' imaged)" "ii "
check "files that differ from the package's" "$(dpkg --verify imaged)" ""
check "socket" "$(systemctl is-enabled imaged.socket) $(systemctl is-active imaged.socket)" "enabled active"
check "daemon before the first command" "$(systemctl is-active imaged.service || true)" inactive
check "rights of the socket" "$(stat -c '%U %G %a' /run/imaged/io.imaged)" "root imaged 660"
check "libraries that are missing" "$(ldd /usr/bin/imagectl /usr/libexec/imaged/* | grep 'not found' || true)" ""

# How much the units leave open: docs/security.md has the figures.
exposure() { systemd-analyze security --no-pager "$1" | sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p'; }
check "units that systemd does not understand" \
    "$(systemd-analyze verify --man=no /usr/lib/systemd/system/imaged*.{service,socket} 2>&1)" ""
check "exposure of a worker" "$(exposure imaged-worker@x.service)" 1.6
check "exposure of the daemon" "$(exposure imaged.service)" 4.5

# Root.
check "list of nothing" "$(imagectl list --json)" '{"attachments":[]}'
check "daemon after the first command" "$(systemctl is-active imaged.service)" active

# AppArmor where the kernel has it: Debian's has.
check "profile of the daemon" "$(cat /proc/"$(systemctl show -P MainPID imaged.service)"/attr/current)" \
    "imaged (enforce)"

# A member of the group, and somebody who is none.
member anna
useradd --create-home bert
make_tree /home/anna/tree
xorriso -as mkisofs -quiet -R -V DISC -o /home/anna/disc.iso /home/anna/tree 2>/dev/null
chown -R anna: /home/anna
where=$(as_user anna imagectl mount /home/anna/disc.iso)
check "where" "$where" /run/media/imaged/DISC
check "what is in it" "$(as_user anna diff -r /home/anna/tree "$where" 2>&1)" ""
check "type" "$(findmnt -n -o FSTYPE "$where" | cut -d. -f1)" fuse
check "options" "$(findmnt -n -o OPTIONS "$where" | grep -o 'ro,nosuid,nodev')" ro,nosuid,nodev
worker=$(pgrep -f 'imaged-worker.*--uid' | head -n 1)
check "user of the worker" "$(stat -c %U "/proc/$worker")" anna
check "profile of the worker" "$(cat "/proc/$worker/attr/current")" "imaged//worker (enforce)"
check "what anna sees" "$(as_user anna imagectl list | wc -l)" 2
as_user anna imagectl umount /home/anna/disc.iso
! as_user bert imagectl list 2>/tmp/bert || fail "bert is no member and was let in"
grep -q "members of its group" /tmp/bert || fail "bert was told: $(</tmp/bert)"

# The programs that mount(8) looks for, and a file of each thing that the package brings.
mkdir /mnt/disc
mount -t imaged /home/anna/disc.iso /mnt/disc
check "mounted by mount(8)" "$(cat /mnt/disc/docs/hello.txt)" "Hello from inside an image."
umount /mnt/disc
imagectl info /home/anna/disc.iso | grep -q "label 'DISC'" || fail "info says something else"
for file in /usr/share/man/man1/imagectl.1.gz /usr/share/man/man8/{imaged,mount.imaged,umount.imaged}.8.gz \
    /usr/share/man/man5/imaged.conf.5.gz /usr/share/man/man7/imaged-formats.7.gz; do
    dpkg -L imaged | grep -qx "$file" || fail "$file is missing in the package"
done
no_trouble
check "list of nothing" "$(imagectl list --json)" '{"attachments":[]}'
echo "ok: $(uname -r), $(systemctl --version | head -n 1)"
