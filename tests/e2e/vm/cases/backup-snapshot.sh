#!/bin/bash
# vm run --timeout 1800 --disk id=a,bus=virtio,size=2G,serial=SNAP --disk id=b,bus=virtio,size=200M,serial=PARTS
# Backups of what is written to meanwhile: LVM's snapshots, thick and thin, and a disk with frozen partitions; kill -9
# of imagectl, of its guard, and of both; a snapshot that becomes full.
. /mnt/share/lib.sh

disk=/dev/disk/by-id/virtio-SNAP parts=/dev/disk/by-id/virtio-PARTS
markers=/var/lib/imaged/snapshots
mkdir -p /srv/b /mnt/live /mnt/back
declare -A fsck=([ext4]='e2fsck -fn' [xfs]='xfs_repair -n' [btrfs]='btrfs check')

snapshots() { lvs --noheadings -o lv_name -S 'lv_tags=imaged_backup' 2>/dev/null | tr -d ' \n'; }
no_snapshots() { [[ -z $(snapshots) && -z $(ls -A $markers 2>/dev/null) ]]; }
has_snapshot() { [[ -n $(snapshots) ]]; }
no_guards() { ! pgrep -f 'imagectl backup-guard' >/dev/null; }
clean() {
    check "snapshots left after $1" "$(snapshots)" ""
    check "markers left after $1" "$(ls -A $markers 2>/dev/null || true)" ""
    check "devices left after $1" "$(dmsetup ls | grep imaged_backup || true)" ""
}

# Numbers, one after the other, each on the disk before the next; and blocks that change all the time.
begin_writer() {
    (
        for ((n = 1; ; n++)); do
            echo $n >>/mnt/live/counted
            sync -d /mnt/live/counted
            ((n % 10 == 0)) || continue
            dd if=/dev/urandom of=/mnt/live/busy bs=64K count=1 seek=$((n / 10 % 16)) conv=notrunc status=none
        done
    ) &
    writer=$!
    until_true 30 "the writer" test -s /mnt/live/counted
}
end_writer() { kill -9 $writer; wait $writer 2>/dev/null || true; }
# What the writer had started ends by itself.
unmount() { until_true 20 "$1 to be unmounted" umount -q "$1" 2>/dev/null; }
reads() { pgrep -f imaged-worker >/dev/null && [[ $(dmsetup ls) == *imaged_backup* ]]; }

# backup_in_background NAME OPTIONS..: a slow one; returns while it reads.
backup_in_background() {
    local target=/srv/b/$1
    shift
    rm -f "$target"
    imagectl backup /dev/vg/ext4 "$target" --level 17 "$@" >/tmp/out 2>/tmp/said &
    job=$!
    for ((i = 0; i < 600; i++)); do
        reads && return
        kill -0 $job 2>/dev/null || fail "it ended: $(cat /tmp/out /tmp/said)"
        sleep 0.1
    done
    fail "no worker that reads a snapshot"
}
fails() {
    local expected=$1 status=0
    wait $job || status=$?
    check "status" $status "$expected"
}

install_package
check "the sweep at boot" "$(systemctl is-enabled imaged-backup-sweep.service)" enabled
until_true 20 "the disks" test -e $disk -a -e $parts
vgcreate -q vg $disk >/dev/null

for fs in ext4 xfs btrfs; do
    echo "== $fs on a logical volume"
    lvcreate -q -y -L 320M -n $fs vg >/dev/null
    mkfs.$fs -q /dev/vg/$fs >/dev/null
    mount /dev/vg/$fs /mnt/live
    head -c 20M /dev/urandom >/mnt/live/big
    begin_writer
    before=$(stat -c %s /mnt/live/counted)
    imagectl backup --json /dev/vg/$fs /srv/b/$fs.qcow2 >/tmp/out
    check "consistency of $fs" "$(jq -r .consistency /tmp/out)" lvm-snapshot
    check "$fs saved by its map" "$(jq -r '.volumes[0].whole' /tmp/out)" null
    used=$(jq '.volumes[0].used' /tmp/out)
    ((used > 20 << 20)) || fail "only $used bytes of $fs are in use"
    ((used < 200 << 20)) || fail "$used bytes of $fs are in use"
    check "warnings for $fs" "$(jq -r '.warnings[]' /tmp/out)" ""
    echo "$fs: $used bytes in use"
    ((before < $(stat -c %s /mnt/live/counted))) || fail "the writer waited"
    end_writer
    clean "$fs"
    cp /mnt/live/big /tmp/big
    unmount /mnt/live
    # Two file systems with one UUID are not mounted at once.
    lvchange -an vg/$fs
    imagectl restore /srv/b/$fs.qcow2 /srv/b/raw >/dev/null
    [[ $fs != ext4 ]] || e2fsck -fn /srv/b/raw >/tmp/fsck 2>&1 || fail "e2fsck before any mount: $(tail -n 5 /tmp/fsck)"
    mount -o loop /srv/b/raw /mnt/back
    cmp /mnt/back/big /tmp/big
    seq "$(wc -l </mnt/back/counted)" | cmp - /mnt/back/counted || fail "what was written in order"
    (($(stat -c %s /mnt/back/counted) >= before)) || fail "what was written before is missing in $fs"
    umount /mnt/back
    ${fsck[$fs]} /srv/b/raw >/tmp/fsck 2>&1 || fail "fsck of $fs: $(tail -n 5 /tmp/fsck)"
    rm /srv/b/raw
    [[ $fs == ext4 ]] || lvremove -q -y vg/$fs >/dev/null
done

echo "== kill -9"
lvchange -ay vg/ext4
mount /dev/vg/ext4 /mnt/live
head -c 60M /dev/urandom >/mnt/live/more
begin_writer
backup_in_background k.qcow2
kill -9 $job
fails 137
until_true 90 "the guard to remove the snapshot" no_snapshots
until_true 10 "the guard to end" no_guards
clean "kill -9 of imagectl"

backup_in_background k.qcow2
kill -TERM "$(pgrep -f 'imagectl backup-guard')"
pkill -9 -f 'imagectl backup-guard'
fails 1
grep -q 'was killed' /tmp/said || fail "of the guard's end: $(</tmp/said)"
clean "kill -9 of the guard"

for by in backup unit; do
    backup_in_background k.qcow2
    kill -9 $job "$(pgrep -f 'imagectl backup-guard')"
    fails 137
    has_snapshot || fail "no snapshot is left after kill -9 of both"
    check "files that tell of it" "$(ls $markers | wc -l)" 1
    if [[ $by == backup ]]; then
        imagectl backup /dev/vg/ext4 /srv/b/k.qcow2 >/tmp/out 2>/tmp/said
        grep -q 'removed the snapshot' /tmp/said || fail "of the sweep: $(</tmp/said)"
        grep -q 'source: lvm-snapshot' /tmp/out || fail "of the backup: $(</tmp/out)"
    else
        systemctl start imaged-backup-sweep.service
        journalctl -u imaged-backup-sweep.service -o cat | grep -q 'removed the snapshot' || fail "the unit is silent"
    fi
    clean "the sweep by $by"
done

# As a service: a stop, or what follows on the end of its main process, reaches the guard and LVM's tools, too.
for how in stop 'kill --kill-whom=main --signal=KILL'; do
    rm -f /srv/b/k.qcow2
    systemd-run -q --unit=saved imagectl backup /dev/vg/ext4 /srv/b/k.qcow2 --level 17
    until_true 60 "a service that reads a snapshot" reads
    # shellcheck disable=SC2086
    systemctl $how saved.service
    until_true 90 "the service to end" eval '! systemctl -q is-active saved.service'
    until_true 90 "the guard to end" no_guards
    clean "systemctl $how"
    systemctl reset-failed saved.service 2>/dev/null || true
done

# One that runs is left alone.
backup_in_background k.qcow2
imagectl backup-guard --sweep
has_snapshot || fail "the sweep took the snapshot of a backup that runs"
kill -TERM $job
fails 143
clean "the end of imagectl"

echo "== a snapshot that becomes full"
backup_in_background full.qcow2 --consistency=snapshot:4M
dd if=/dev/urandom of=/mnt/live/much bs=1M count=40 conv=fsync status=none
fails 1
grep -q 'is full' /tmp/said || fail "of a full snapshot: $(</tmp/said)"
grep -q 'consistency=snapshot:SIZE' /tmp/said || fail "of a full snapshot: $(</tmp/said)"
[[ ! -e /srv/b/full.qcow2 ]] || fail "a backup of a full snapshot was kept"
clean "a full snapshot"
echo "it said: $(</tmp/said)"
backup_in_background full.qcow2 --consistency=snapshot:4M --keep-going
dd if=/dev/urandom of=/mnt/live/much bs=1M count=40 conv=fsync status=none
fails 1
[[ ! -e /srv/b/full.qcow2 ]] || fail "a backup of a full snapshot was kept"
clean "a full snapshot with --keep-going"
end_writer
unmount /mnt/live

echo "== open by another program"
imagectl backup /dev/vg/ext4 /srv/b/o1.qcow2 | grep -q 'source: unused' || fail "unused"
sleep 60 </dev/vg/ext4 &
imagectl backup /dev/vg/ext4 /srv/b/o2.qcow2 | grep -q 'source: lvm-snapshot' || fail "open elsewhere"
kill %%
cmp <(imagectl convert /srv/b/o1.qcow2 -) <(imagectl convert /srv/b/o2.qcow2 -)
clean "what is open elsewhere"

echo "== thin"
lvremove -q -y vg/ext4 >/dev/null
lvcreate -q -y --type thin-pool -L 200M -n pool vg >/dev/null
lvcreate -q -y -V 320M --thinpool vg/pool -n thin-vol >/dev/null 2>&1
mkfs.ext4 -q /dev/vg/thin-vol
mount /dev/vg/thin-vol /mnt/live
head -c 20M /dev/urandom >/mnt/live/big
cp /mnt/live/big /tmp/big
begin_writer
imagectl backup --json /dev/vg/thin-vol /srv/b/thin.qcow2 >/tmp/out
check "consistency of thin" "$(jq -r .consistency /tmp/out)" lvm-snapshot
check "thin saved by its map" "$(jq -r '.volumes[0].whole' /tmp/out)" null
clean "a thin volume"
imagectl restore /srv/b/thin.qcow2 /srv/b/raw >/dev/null
e2fsck -fn /srv/b/raw >/tmp/fsck 2>&1 || fail "fsck of thin: $(tail -n 5 /tmp/fsck)"
end_writer
mount -o loop /srv/b/raw /mnt/back
cmp /mnt/back/big /tmp/big
umount /mnt/back
for ((n = 0; $(lvs --noheadings -o data_percent vg/pool | cut -d. -f1) < 91; n++)); do
    head -c 4M /dev/urandom >/mnt/live/fill$n
    sync
done
status=0; imagectl backup /dev/vg/thin-vol /srv/b/thin2.qcow2 2>/tmp/said || status=$?
check "status with a full pool" $status 5
grep -q '90 % full' /tmp/said || fail "of a full pool: $(</tmp/said)"
unmount /mnt/live

echo "== no room"
lvcreate -q -y -l 100%FREE -n all vg >/dev/null
mkfs.ext4 -q /dev/vg/all
mount /dev/vg/all /mnt/live
status=0; imagectl backup /dev/vg/all /srv/b/all.qcow2 2>/tmp/said || status=$?
check "status with no room" $status 5
grep -q 'no room for a snapshot' /tmp/said || fail "of no room: $(</tmp/said)"
clean "no room"
unmount /mnt/live

echo "== a disk with two partitions, frozen"
sfdisk -q "$(readlink -f $parts)" <<<$'label: gpt\nsize=80M\nsize=80M'
udevadm settle
one=$(readlink -f $parts-part1) two=$(readlink -f $parts-part2)
mkfs.ext4 -q "$one"
mkfs.ext4 -q "$two"
mkdir -p /mnt/two
mount "$two" /mnt/two
mount "$one" /mnt/live
head -c 10M /dev/urandom | tee /mnt/two/big >/mnt/live/big
cp /mnt/two/big /tmp/big
begin_writer
status=0; imagectl backup $parts /srv/b/parts.qcow2 2>/tmp/said || status=$?
check "status of a disk in use" $status 5
imagectl backup $parts /srv/b/parts.qcow2 --consistency=freeze >/tmp/out
grep -q 'source: frozen' /tmp/out || fail "of a frozen disk: $(</tmp/out)"
before=$(stat -c %s /mnt/live/counted)
sleep 1 # the writer writes many times a second when nothing is frozen
((before < $(stat -c %s /mnt/live/counted))) || fail "the writer still waits"
end_writer
unmount /mnt/live
umount /mnt/two
for n in 1 2; do
    imagectl convert /srv/b/parts.qcow2 /srv/b/raw --partition $n --force >/dev/null 2>&1
    e2fsck -fn /srv/b/raw >/tmp/fsck 2>&1 || fail "fsck of partition $n: $(tail -n 5 /tmp/fsck)"
    mount -o loop /srv/b/raw /mnt/back
    cmp /mnt/back/big /tmp/big
    umount /mnt/back
done
status=0; imagectl backup "$(findmnt -n -o SOURCE /)" /dev/shm/root.qcow2 --consistency=freeze 2>/tmp/said || status=$?
check "status of a frozen root" $status 5
grep -q "it is the root of this system" /tmp/said || fail "of a frozen root: $(</tmp/said)"

vgchange -q -an vg >/dev/null
no_trouble
echo "ok: $(uname -r), $(lvm version | head -n 1 | tr -s ' ')"
