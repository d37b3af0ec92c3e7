#!/bin/bash
# vm run --timeout 900
# apt upgrades the package, and downgrades it, while an image of each plan is read past the page cache all the time: not
# one error, no wrong byte. The longest read of each is printed: an emulated machine says little about pauses. ROUNDS
# says how often.
. /mnt/share/lib.sh

install_package
work=/var/tmp/imaged
mkdir -p $work/faults $work/rounds
cd $work
make_tree tree
xorriso -as mkisofs -quiet -R -V DISC -o disc.iso tree 2>/dev/null
mkfs.ext4 -q -q -F -L OVERFUSE -d tree fuse.img 24M
mkfs.ext4 -q -q -F -L DIRECT -d tree direct.img 24M
imagectl mount disc.iso --as tree -q >tree.where
imagectl mount fuse.img --via fuse --as kernel -q >fuse.where
imagectl mount direct.img --as kernel -q >direct.where
check "kinds" "$(imagectl list --json | jq -r '[.attachments[].kind] | sort | join(" ")')" \
    "directLoop fuseLoop fuseTree"
listed() { imagectl list --json | jq -c '[.attachments[] | {id, kind, mountPoint}] | sort'; }
before=$(listed)

reader() { # name
    local name=$1 passes=0 status longest=0 began took
    until [[ -e stop ]]; do
        status=0
        began=$(date +%s%N)
        dd if="$(<"$name.where")/big.bin" bs=256K count=8 skip=$((passes % 6 * 8)) iflag=direct status=none \
            2>"faults/$name.dd" | cmp -s - <(dd if=tree/big.bin bs=256K count=8 skip=$((passes % 6 * 8)) status=none) \
            || status=$?
        took=$((($(date +%s%N) - began) / 1000000))
        ((took > longest)) && longest=$took
        if ((status)) || [[ -s faults/$name.dd ]]; then
            echo "pass $passes: $status: $(<"faults/$name.dd")" >>"faults/$name"
        fi
        echo "$((++passes)) $longest" >"rounds/$name"
    done
}
for name in tree fuse direct; do reader $name & done
passes() { cut -d' ' -f1 "rounds/$1" 2>/dev/null || echo 0; }
progress() { # every reader has begun and ended a pass
    local name before
    for name in tree fuse direct; do
        before=$(passes $name)
        further() { (($(passes $name) >= before + 2)); }
        until_true 60 "reader '$name' goes on" further
    done
}

progress
pid=$(systemctl show -P MainPID imaged.service)
for ((round = 1; round <= ${ROUNDS:-1}; round++)); do
    install_package /mnt/share/imaged-newer.deb
    check "version" "$(dpkg-query -W -f '${Version}' imaged | grep -o newer)" newer
    progress
    check "attachments after the upgrade" "$(listed)" "$before"
    check "whether another daemon runs" "$(systemctl show -P MainPID imaged.service | grep -x "$pid" || true)" ""
    pid=$(systemctl show -P MainPID imaged.service)
    DEBIAN_FRONTEND=noninteractive apt-get install -y --allow-downgrades /mnt/share/imaged.deb >/dev/null 2>&1
    check "version" "$(dpkg-query -W -f '${Version}' imaged | grep -o newer || true)" ""
    progress
    check "attachments after the downgrade" "$(listed)" "$before"
    echo "round $round: passes and longest in ms: $(paste -sd' ' rounds/tree rounds/fuse rounds/direct)"
done
touch stop
wait
check "faults" "$(cat faults/{tree,fuse,direct} 2>/dev/null || true)" ""
no_trouble

# A changed configuration is the administrator's.
echo "max-attachments = 7" >>/etc/imaged/imaged.conf
install_package /mnt/share/imaged-newer.deb
check "setting" "$(tail -n 1 /etc/imaged/imaged.conf)" "max-attachments = 7"
imagectl umount --all
imagectl detach --all
nothing=$(losetup --list --noheadings)$(grep imaged /proc/self/mountinfo || true)
check "left" "$nothing" ""
echo "ok: $(uname -r)"
