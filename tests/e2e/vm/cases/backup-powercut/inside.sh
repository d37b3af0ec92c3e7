#!/bin/bash
# Runs in the machine: the function that is the first argument, with the others.
. /mnt/share/lib.sh
store=/backup live=/srv/live
names() { imagectl backup list --json $store | jq -r '[.backups[].name] | join(" ")'; }
store_disk() { readlink -f /dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_store; }
mount_all() {
    until_true 30 "the disks" test -b /dev/vg/live -a -b "$(store_disk)"
    mkdir -p $store $live
    mount "$(store_disk)" $store
    mount /dev/vg/live $live
}
has_swept() {
    [[ -z $(ls -A /var/lib/imaged/snapshots) && $(systemctl show -P ActiveState imaged-backup-sweep) == inactive ]]
}
filled() { (($(df --output=used -B1M $store | tail -n 1) >= $1)); }
# Everything that is listed is whole.
all_verify() {
    local file
    for file in $store/*.qcow2; do
        imagectl verify "$file" >/dev/null
    done
    check "what lies there" "$(cd $store && ls -A | grep -v lost+found | xargs)" "$(names)"
}
# begin_backup: a slow one, as a service; returns when it has written some of its file.
begin_backup() {
    local used
    used=$(df --output=used -B1M $store | tail -n 1)
    head -c 40M /dev/urandom >$live/new
    sync
    systemd-run -q --unit=work imagectl backup /dev/vg/live $store/new.qcow2 --since $store/4.qcow2 --rate 4M
    until_true 60 "a backup that has written something" filled $((used + 8))
}

# A logical volume with files, and four backups of it, each standing on the one before.
prepare() {
    install_package
    until_true 30 "the disks" test -b /dev/disk/by-id/virtio-source -a -b "$(store_disk)"
    vgcreate -q vg /dev/disk/by-id/virtio-source
    lvcreate -q -y -L 300M -n live vg
    mkfs.ext4 -q /dev/vg/live
    mkfs.ext4 -q "$(store_disk)"
    mount_all
    head -c 60M /dev/urandom >$live/big
    echo 1 >$live/number
    sync
    imagectl backup /dev/vg/live $store/1.qcow2
    for n in 2 3 4; do
        echo $n >$live/number
        head -c 3M /dev/urandom >$live/more
        sync
        imagectl backup /dev/vg/live $store/$n.qcow2 --since $store/$((n - 1)).qcow2
    done
    all_verify
    sync
}

# begin WORK: begins it, and returns in its middle.
begin() {
    # What the machine's own disk holds in memory is not what this is about.
    sync
    used=$(df --output=used -B1M $store | tail -n 1)
    case $1 in
        backup)
            begin_backup
            check "snapshots" "$(lvs --noheadings -o lv_name -S lv_tags=imaged_backup vg | wc -l)" 1
            ;;
        merge)
            systemd-run -q --unit=work imagectl backup merge $store/3.qcow2
            until_true 60 "a merge that has written something" filled $((used + 20))
            ;;
        prune)
            # Makes 3 whole, removes 2 and 1.
            systemd-run -q --unit=work imagectl backup prune $store --keep last=2 --merge
            until_true 60 "a prune that removes" test ! -e $store/2.qcow2
            ;;
    esac
}

# look WORK: after the power came back.
look() {
    mount_all
    until_true 60 "the sweep" has_swept
    case $1 in
        backup)
            journalctl -b -u imaged-backup-sweep -o cat | grep 'removed the snapshot'
            check "volumes" "$(lvs --noheadings -o lv_name vg | xargs)" live
            check "what is noted of snapshots" "$(ls -A /var/lib/imaged/snapshots)" ""
            check "backups" "$(names)" "1.qcow2 2.qcow2 3.qcow2 4.qcow2"
            rm $live/new
            ;;
        merge) check "backups" "$(names)" "1.qcow2 2.qcow2 3.qcow2 4.qcow2" ;;
        prune)
            # As much of its work as the disk has.
            [[ $(names) =~ ^("1.qcow2 "("2.qcow2 ")?)?"3.qcow2 4.qcow2"$ ]] || fail "backups: $(names)"
            imagectl backup prune $store --keep last=2 --merge
            check "backups" "$(names)" "3.qcow2 4.qcow2"
            ;;
    esac
    echo "there are: $(names)"
    all_verify
    for n in 3 4; do check "number in $n" "$(imagectl cat $store/$n.qcow2 /number)" $n; done
    check "units that failed" "$(systemctl --failed --plain --no-legend)" ""
    nothing_denied
    sync
}

# The disk of the backups goes while one is written, and comes again.
vanish() {
    begin_backup
    disk=$(basename "$(store_disk)")
    echo 1 >"/sys/block/$disk/device/delete"
    ended() { [[ $(systemctl show -P ActiveState work) == failed ]]; }
    until_true 90 "the backup to end" ended
    check "its exit code" "$(systemctl show -P ExecMainStatus work)" 1
    journalctl -b -u work -o cat
    journalctl -b -q -u work -o cat | grep -q "'$store/new.qcow2' was not written and is" || fail "its message"
    check "snapshots left" "$(lvs --noheadings -o lv_name vg | xargs)" live
    umount -l $store
    for host in /sys/class/scsi_host/host*/scan; do echo '- - -' >"$host"; done
    until_true 30 "the disk again" test -b "$(store_disk)"
    until_true 30 "its file system" mount "$(store_disk)" $store
    check "backups" "$(names)" "3.qcow2 4.qcow2"
    all_verify
}

"$@"
