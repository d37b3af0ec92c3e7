#!/bin/bash
# vm run --timeout 600
# An image of each plan is mounted; then daemon and workers are killed, each alone and all at once, and every file still
# reads as it should. recovery does the same for long, with readers that never pause.
. /mnt/share/lib.sh

install_package
cd /root
make_tree tree
xorriso -as mkisofs -quiet -R -V DISC -o disc.iso tree 2>/dev/null
mkfs.ext4 -q -q -F -L OVERFUSE -d tree fuse.img 24M
mkfs.ext4 -q -q -F -L DIRECT -d tree direct.img 24M
places=("$(imagectl mount disc.iso --as tree)" "$(imagectl mount fuse.img --via fuse --as kernel)"
    "$(imagectl mount direct.img --as kernel)")
check "kinds" "$(imagectl list --json | jq -r '[.attachments[].kind] | sort | join(" ")')" \
    "directLoop fuseLoop fuseTree"
listed=$(imagectl list | awk '{ print $1 }' | sort)

daemon() { systemctl show -P MainPID imaged.service; }
workers() { # each in a unit of its own
    systemctl list-units --plain --no-legend --state=active 'imaged-worker@*' | awk '{ print $1 }' \
        | xargs -r systemctl show -P MainPID | grep -v -e '^$' -e '^0$' || true
}
daemon_again() { [[ $(daemon) != "$1" ]] && imagectl list >/dev/null 2>&1; }
same() { # what happened before
    local place
    echo 3 >/proc/sys/vm/drop_caches
    for place in "${places[@]}"; do
        timeout 60 diff -r --exclude=lost+found tree "$place" || fail "$1: '$place' reads differently"
    done
    check "$1: listed" "$(imagectl list | awk '{ print $1 }' | sort)" "$listed"
}

same "mounted"
old=$(daemon)
kill -KILL "$old"
until_true 30 "another daemon" daemon_again "$old"
same "daemon killed"
kill -KILL $(workers)
same "workers killed"
old=$(daemon)
kill -KILL "$old" $(workers)
until_true 30 "another daemon" daemon_again "$old"
same "all killed"
systemctl restart imaged.service
same "restarted"

imagectl umount --all
check "left" "$(losetup --list --noheadings)$(grep imaged /proc/self/mountinfo || true)" ""
no_trouble
echo "ok: $(uname -r)"
