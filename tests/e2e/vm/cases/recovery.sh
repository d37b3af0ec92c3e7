#!/bin/bash
# vm run --timeout 3000
# Nothing that dies takes a mount with it: daemon and workers are restarted, killed and upgraded in random order while
# an image of each plan is read all the time, past the page cache, and compared (readers.py). Not one error, no wrong
# byte, and no step of a reader that takes longer than two seconds, but where all die at once. Beside them a plain file of the same disk is read:
# what that takes is the machine's part. Ends with the table that docs/reliability.md has.
# ROUNDS says how often each thing is done; SEED repeats an order; ACTIONS names a part of them.
. /mnt/share/lib.sh
rounds=${ROUNDS:-1}
seed=${SEED:-$RANDOM}
# In ms. Whoever takes all workers at once takes the spare one, too: then two sandboxes are made anew at once, which is
# what an emulated machine is slowest at.
declare -A limits=([kill-workers]=15000 [kill-all]=15000 [kill-all-twice]=20000)
usual=2000
read -ra actions <<<"${ACTIONS:-restart upgrade kill-daemon kill-tree-worker kill-loop-worker kill-workers kill-all \
    kill-all-twice stop-start}"
RANDOM=$seed
echo "seed $seed"

install_package

work=/var/tmp/imaged
mkdir -p $work/tree
cd $work
head -c 12M /dev/urandom >tree/big.bin
cp tree/big.bin plain
xorriso -as mkisofs -quiet -R -V DISC -o disc.iso tree 2>/dev/null
mkfs.ext4 -q -F -L OVERFUSE -d tree fuse.img 24M
mkfs.ext4 -q -F -L DIRECT -d tree direct.img 24M
truncate -s 32M disk.img
sfdisk -q disk.img <<<$'label: gpt\nstart=2048, size=49152'
mkfs.ext4 -q -F -L PART -d tree part.img 24M
dd if=part.img of=disk.img bs=1M seek=1 conv=notrunc status=none
dpkg-deb --raw-extract /mnt/share/imaged.deb newer
newer=$(sed -n 's/^Version: //p' newer/DEBIAN/control)

fdstore() { systemctl show -P NFileDescriptorStore imaged.service; }
daemon() { systemctl show -P MainPID imaged.service; }
serving() { imagectl list --json | jq '.attachments[].worker // empty'; }
workers() { # each in a unit of its own; one that is spare, too
    systemctl list-units --plain --no-legend --state=active 'imaged-worker@*' | awk '{ print $1 }' \
        | xargs -r systemctl show -P MainPID | grep -v -e '^$' -e '^0$' || true
}
worker_of() { imagectl list --json | jq -r ".attachments[] | select(.kind == \"$1\").worker"; }
count() { wc -w <<<"$*"; }

# The socket is systemd's: this first command starts the daemon.
check "daemon before the first command" "$(systemctl is-active imaged.service)" inactive
imagectl mount disc.iso --as tree -q >tree.where
imagectl mount fuse.img --via fuse --as kernel -q >fuse.where
imagectl mount direct.img --as kernel -q >direct.where
device=$(imagectl attach disk.img | head -n 1)
udevadm settle
check "kinds" "$(imagectl list --json | jq -r '[.attachments[].kind] | sort | join(" ")')" \
    "directLoop directLoop fuseLoop fuseTree"
check "partition, after udev has looked at the disk" "$(test -b "${device}p1" && echo there)" there
check "link by the label in an image, which udev does not look for" "$(ls /dev/disk/by-label/PART 2>/dev/null)" ""
check "descriptors stored" "$(fdstore)" 8
check "workers" "$(count "$(serving)")" 2
listed=$(imagectl list | awk '{ print $1 }' | sort)

names=(tree loop-over-fuse loop partition plain)
coproc READERS {
    exec python3 /mnt/share/readers.py "tree=$(<tree.where)/big.bin=tree/big.bin" \
        "loop-over-fuse=$(<fuse.where)/big.bin=tree/big.bin" "loop=$(<direct.where)/big.bin=tree/big.bin" \
        "partition=${device}p1=part.img" "plain=plain=tree/big.bin" 2>faults.told
}
declare -A steps longest faults
forget() {
    local name
    for name in "${names[@]}"; do steps[$name]=0 longest[$name]=0 faults[$name]=0; done
}
look() { # at what the readers did since the last look
    local name s l f
    echo >&"${READERS[1]}"
    while read -r name s l f <&"${READERS[0]}" && [[ $name ]]; do
        steps[$name]=$((steps[$name] + s)) faults[$name]=$((faults[$name] + f))
        ((l <= longest[$name])) || longest[$name]=$l
    done
}
go_on() { # every reader has ended so many steps
    local name
    look
    for name in "${names[@]}"; do ((steps[$name] >= $1)) || return 1; done
}
note() { # what the readers met during an action
    local name line=''
    for name in "${names[@]}"; do
        echo "$1 $name ${longest[$name]} ${faults[$name]}" >>met
        line+=" $name ${longest[$name]}"
    done
    echo "$1 ($(((${EPOCHREALTIME/./} - began) / 1000)) ms): longest step in ms:$line"
}

answers() { [[ $(systemctl is-active imaged.service) == active ]] && imagectl list >/dev/null; }
no_workers() { [[ -z $(workers) ]]; }
waiting() { # spare workers that wait in poll(2) for what they are to do
    local pid
    for pid in $(comm -23 <(workers | sort) <(serving | sort)); do
        grep -s poll "/proc/$pid/wchan" || true
    done
}
at_rest() { (($(count "$(serving)") == 2 && $(count "$(waiting)") == 1)); }

until_true 60 "a spare worker" at_rest

# How slow the machine is just now: the pause of a killed worker is mostly the start of a process.
speed() {
    local began=${EPOCHREALTIME/./} i
    for ((i = 0; i < 10; i++)); do imagectl --version >/dev/null; done
    echo "starting imagectl takes $(((${EPOCHREALTIME/./} - began) / 10000)) ms"
}
speed

# Undisturbed, for comparison.
forget
began=${EPOCHREALTIME/./}
until_true 120 "undisturbed readers" go_on 300
note undisturbed

upgrades=0
act() {
    local i new victims
    case $1 in
        restart) systemctl restart imaged.service ;;
        upgrade)
            upgrades=$((upgrades + 1))
            sed -i "s/^Version: .*/Version: $newer+$upgrades/" newer/DEBIAN/control
            dpkg-deb --root-owner-group -Znone --build newer newer.deb >/dev/null
            install_package ./newer.deb
            check "version" "$(dpkg-query -W -f '${Version}' imaged)" "$newer+$upgrades"
            ;;
        kill-daemon) kill -KILL "$(daemon)" ;;
        kill-tree-worker) kill -KILL "$(worker_of fuseTree)" ;;
        kill-loop-worker) kill -KILL "$(worker_of fuseLoop)" ;;
        kill-workers) kill -KILL $(workers) ;;
        kill-all) kill -KILL "$(daemon)" $(workers) ;;
        stop-start) systemctl stop imaged.service 2>/dev/null && imagectl list >/dev/null ;;
        kill-all-twice) # in the midst of the take-over
            victims="$(daemon) $(workers)"
            kill -KILL $victims
            for ((i = 0; i < 100; i++)); do
                new=$(daemon)
                ((new == 0 || new == ${victims%% *})) || break
                sleep 0.01
            done
            sleep 0.$((RANDOM % 4))$((RANDOM % 10))
            kill -KILL "$new" $(workers) 2>/dev/null || true
            ;;
        *) fail "there is no action '$1'" ;;
    esac
}

order=$(for ((round = 0; round < rounds; round++)); do
    for what in "${actions[@]}"; do echo "$RANDOM$RANDOM $what"; done
done | sort -n | awk '{ print $2 }')
for what in $order; do
    look
    forget
    old=$(daemon)
    began=${EPOCHREALTIME/./}
    act "$what"
    until_true 60 "$what: a daemon that answers" answers
    case $what in
        kill-tree-worker | kill-loop-worker | kill-workers) check "$what: daemon" "$(daemon)" "$old" ;;
        *) [[ $(daemon) != "$old" ]] || fail "$what: the daemon is the same" ;;
    esac
    look
    for name in "${names[@]}"; do steps[$name]=0; done
    until_true 120 "$what: readers go on" go_on 20
    check "$what: descriptors stored" "$(fdstore)" 8
    check "$what: listed" "$(imagectl list | awk '{ print $1 }' | sort)" "$listed"
    note "$what"
    until_true 60 "$what: workers, and a spare one" at_rest
done
speed
exec {READERS[1]}>&-
wait

echo
echo "Linux $(uname -r), $(systemctl --version | head -n 1 | cut -d' ' -f1,2), seed $seed; longest step in ms"
awk -v names="${names[*]}" '
    { key = $1 SUBSEP $2; if (!($1 in times)) order[++n] = $1
      times[$1]++; faults[$1] += $4; if ($3 + 0 > longest[key] + 0) longest[key] = $3 }
    END {
        count = split(names, name, " ")
        printf "| what was done | times"; for (i = 1; i <= count; i++) printf " | %s", name[i]; print " | faults |"
        printf "|---|---"; for (i = 1; i <= count; i++) printf "|---"; print "|---|"
        for (j = 1; j <= n; j++) {
            printf "| %s | %d", order[j], times[order[j]] / count
            for (i = 1; i <= count; i++) printf " | %d", longest[order[j] SUBSEP name[i]]
            printf " | %d |\n", faults[order[j]]
        }
    }' met
echo

check "faults" "$(<faults.told)" ""
while read -r what name took _; do
    limit=${limits[$what]:-$usual}
    [[ $name == plain ]] || ((took <= limit)) || echo "$what: a step of $name took $took ms, the limit is $limit"
done <met >slow
check "steps that took too long" "$(<slow)" ""
# What is killed while it starts is said to have failed; it was started anew.
no_trouble '^Failed to start imaged.service|: replacing its worker: '

imagectl umount "$(<tree.where)" >/dev/null
imagectl umount "$(<fuse.where)" >/dev/null
imagectl umount "$(<direct.where)" >/dev/null
imagectl detach "$device" >/dev/null
check "mounts left" "$(grep imaged /proc/self/mountinfo || true)" ""
check "loop devices left" "$(losetup -l -n)" ""
until_true 10 "no workers left" no_workers
check "descriptors left" "$(fdstore)" 0
check "records left" "$(ls /run/imaged/attachments /run/imaged/workers | grep -v :)" ""
echo "ok: $(systemctl --version | head -n 1), Linux $(uname -r)"
