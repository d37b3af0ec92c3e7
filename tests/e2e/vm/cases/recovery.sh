#!/bin/bash
# vm run --timeout 900
# Nothing that dies takes a mount with it, with systemd's descriptor store.
# A tree, ext4 on a loop device over FUSE, ext4 on a loop device, and partitions are read all the time, past the page
# cache, and compared, while daemon and workers are restarted and killed.
# ROUNDS says how often.
. /mnt/share/lib.sh
rounds=${ROUNDS:-2}

install_package

work=/var/tmp/imaged
mkdir -p $work/tree $work/faults $work/rounds
cd $work
head -c 12M /dev/urandom >tree/big.bin
xorriso -as mkisofs -quiet -R -V DISC -o disc.iso tree 2>/dev/null
mkfs.ext4 -q -F -L OVERFUSE -d tree fuse.img 24M
mkfs.ext4 -q -F -L DIRECT -d tree direct.img 24M
truncate -s 32M disk.img
sfdisk -q disk.img <<<$'label: gpt\nstart=2048, size=49152'
mkfs.ext4 -q -F -L PART -d tree part.img 24M
dd if=part.img of=disk.img bs=1M seek=1 conv=notrunc status=none

fdstore() { systemctl show -P NFileDescriptorStore imaged.service; }
daemon() { systemctl show -P MainPID imaged.service; }
workers() { # each in a unit of its own
    systemctl list-units --plain --no-legend --state=active 'imaged-worker@*' | awk '{ print $1 }' \
        | xargs -r systemctl show -P MainPID | grep -v -e '^$' -e '^0$' || true
}
count() { wc -w <<<"$*"; }

# The socket is systemd's: this first command starts the daemon.
check "daemon before the first command" "$(systemctl is-active imaged.service)" inactive
imagectl mount disc.iso --as tree -q >tree.where
imagectl mount fuse.img --via fuse --as kernel -q >fuse.where
imagectl mount direct.img --as kernel -q >direct.where
device=$(imagectl attach disk.img | head -n 1)
udevadm settle
check "partition, after udev has looked at the disk" "$(test -b "${device}p1" && echo there)" there
check "link by the label in an image, which udev does not look for" "$(ls /dev/disk/by-label/PART 2>/dev/null)" ""
check "descriptors stored" "$(fdstore)" 8
check "workers" "$(count "$(workers)")" 2
listed=$(imagectl list | awk '{ print $1 }' | sort)

reader() { # name, path, what it holds
    local name=$1 path=$2 expected=$3 passes=0 status
    until [[ -e stop ]]; do
        status=0
        timeout 120 dd if="$path" bs=256K count=48 iflag=direct status=none 2>"faults/$name.dd" \
            | cmp -s -n 12582912 - "$expected" || status=$?
        if ((status)) || [[ -s faults/$name.dd ]]; then
            echo "$(date +%T) pass $passes: status $status: $(<"faults/$name.dd")" >>"faults/$name"
        fi
        echo $((++passes)) >"rounds/$name"
    done
}
reader tree "$(<tree.where)/big.bin" tree/big.bin &
reader fuse "$(<fuse.where)/big.bin" tree/big.bin &
reader direct "$(<direct.where)/big.bin" tree/big.bin &
reader partition "${device}p1" part.img &

passes() { cat rounds/tree rounds/fuse rounds/direct rounds/partition 2>/dev/null | paste -sd ' '; }

# Every reader has begun and ended a pass since.
progress() {
    local before after i=0 name
    for name in tree fuse direct partition; do
        before=$(cat rounds/$name 2>/dev/null || echo 0)
        while after=$(cat rounds/$name 2>/dev/null || echo 0); ((after < before + 2)); do
            ((++i < 1200)) || fail "$1: '$name' does not go on"
            sleep 0.1
        done
    done
}

answers() { [[ $(systemctl is-active imaged.service) == active ]] && imagectl list >/dev/null; }

progress "before"
for ((round = 1; round <= rounds; round++)); do
    for what in restart kill-daemon kill-worker kill-workers kill-all stop-start kill-all-twice; do
        case $what in
            restart) systemctl restart imaged.service ;;
            kill-daemon) kill -KILL "$(daemon)" ;;
            kill-worker) kill -KILL "$(workers | shuf -n 1)" ;;
            kill-workers) kill -KILL $(workers) ;;
            kill-all) kill -KILL "$(daemon)" $(workers) ;;
            stop-start) systemctl stop imaged.service 2>/dev/null && imagectl list >/dev/null ;;
            kill-all-twice) # in the midst of the take-over
                kill -KILL "$(daemon)" $(workers)
                for i in $(seq 100); do new=$(daemon); ((new)) && break; sleep 0.01; done
                sleep 0.$((RANDOM % 4))$((RANDOM % 10))
                kill -KILL "$new" $(workers) 2>/dev/null || true
                ;;
        esac
        progress "$what"
        until_true 30 "$what: a daemon that answers" answers
        check "$what: workers" "$(count "$(workers)")" 2
        check "$what: descriptors stored" "$(fdstore)" 8
        check "$what: listed" "$(imagectl list | awk '{ print $1 }' | sort)" "$listed"
        echo "round $round, $what: passes $(passes)"
    done
done
touch stop
wait
check "faults" "$(cat faults/{tree,fuse,direct,partition} 2>/dev/null || true)" ""
# What is killed while it starts is said to have failed; it was started anew.
no_trouble '^Failed to start imaged.service|: replacing its worker: '

imagectl umount "$(<tree.where)" >/dev/null
imagectl umount "$(<fuse.where)" >/dev/null
imagectl umount "$(<direct.where)" >/dev/null
imagectl detach "$device" >/dev/null
check "mounts left" "$(grep imaged /proc/self/mountinfo || true)" ""
check "loop devices left" "$(losetup -l -n)" ""
check "workers left" "$(workers)" ""
check "descriptors left" "$(fdstore)" 0
check "records left" "$(ls /run/imaged/attachments /run/imaged/workers | grep -v :)" ""
echo "ok: $(systemctl --version | head -n 1), Linux $(uname -r)"
