#!/bin/bash
# vm run --timeout 1500 --disk id=a,bus=virtio,size=700M,serial=ONE --disk id=b,bus=scsi,size=600M,serial=TWO
# One image to real disks and to one that fails in the middle; partitions, XFS and FAT as the kernel and udev see them,
# with the same file system mounted from the image meanwhile.
. /mnt/share/lib.sh
install_package

mkdir -p /srv/d /mnt/source /mnt/copy && cd /srv/d
one=/dev/disk/by-id/virtio-ONE two=$(readlink -f /dev/disk/by-id/*TWO | head -n 1)
truncate -s 400M m.img
sfdisk -q m.img <<<$'label: gpt\nstart=2048,size=81920,type=U\nstart=83968,size=700000'
root=$(sfdisk --part-uuid m.img 2 | tr A-Z a-z)
truncate -s 40M esp && mkfs.vfat -n ESP esp >/dev/null
mount -o loop esp /mnt/source
mkdir -p /mnt/source/loader/entries
echo "options root=PARTUUID=$root ro" >/mnt/source/loader/entries/debian.conf
umount /mnt/source
dd if=esp of=m.img bs=1M seek=1 conv=notrunc,sparse status=none
loop=$(losetup -f --show -o 41M --sizelimit $((700000 * 512)) m.img)
mkfs.xfs -q $loop
mount $loop /mnt/source
mkdir -p /mnt/source/{etc/ssh,usr/lib}
echo 0123456789abcdef0123456789abcdef >/mnt/source/etc/machine-id
echo "PARTUUID=$root / xfs defaults 0 1" >/mnt/source/etc/fstab
echo secret >/mnt/source/etc/ssh/ssh_host_rsa_key
head -c 30M /dev/urandom >/mnt/source/big
umount /mnt/source
xz -0 -k m.img
mount -o ro $loop /mnt/source

# What lies behind the first 45 MiB can be neither read nor written, but for the end.
truncate -s 500M under
under=$(losetup -f --show under)
dmsetup create bad <<<"0 92160 linear $under 0
92160 200000 error
292160 731840 linear $under 292160"

status=0
imagectl deploy m.img.xz $one $two /dev/mapper/bad --grow --identity=fresh >said 2>errors || status=$?
cat said errors
check "exit code" $status 1
check "the bad disk is named" "$(grep -c "'/dev/mapper/bad'" errors)" 1
check "disks written" "$(grep -o '2 of 3 disks' said)" "2 of 3 disks"
check "nothing at the beginning of the bad one" \
    "$(head -c 1M /dev/mapper/bad | tr -d '\0' | wc -c)" 0
check "keys that nobody makes here" "$(grep -c 'needs ssh-keygen -A' said)" 2
dmsetup remove bad
losetup -d $under
udevadm settle

ids=
for disk in $one $two; do
    real=$(readlink -f $disk)
    sgdisk -v $real | grep -q 'No problems found' || fail "sgdisk -v $disk"
    esp=$(lsblk -lnpo NAME $real | sed -n 2p) part=$(lsblk -lnpo NAME $real | sed -n 3p)
    uuid=$(sfdisk --part-uuid $real 2 | tr A-Z a-z)
    ids+="$uuid "
    check "udev's link by the new id" "$(readlink -f /dev/disk/by-partuuid/$uuid)" "$part"
    xfs_repair -n $part >/dev/null 2>&1 || fail "xfs_repair -n $part"
    fsck.vfat -n $esp >/dev/null || fail "fsck.vfat -n $esp"
    mount -o ro,nouuid $part /mnt/copy
    check "machine-id" "$(stat -c %s /mnt/copy/etc/machine-id)" 0
    check "fstab" "$(cat /mnt/copy/etc/fstab)" "PARTUUID=$uuid / xfs defaults 0 1"
    check "key" "$(ls /mnt/copy/etc/ssh)" ""
    cmp /mnt/copy/big /mnt/source/big
    blocks=$(xfs_info /mnt/copy | sed -n 's/^data .*blocks=\([0-9]*\),.*/\1/p')
    umount /mnt/copy
    check "XFS on $disk fills its partition" $((blocks * 4096 / 1048576)) $(($(blockdev --getsize64 $part) / 1048576))
    (($(blockdev --getsize64 $part) > 500 << 20)) || fail "$part did not grow"
    mount -o ro $esp /mnt/copy
    check "boot entry" "$(cat /mnt/copy/loader/entries/debian.conf)" "options root=PARTUUID=$uuid ro"
    umount /mnt/copy
done
check "different ids" "$(tr ' ' '\n' <<<"$ids$root" | sort -u | wc -l)" 3

status=0
imagectl restore m.img $one >said 2>errors || status=$?
check "a disk with a table on it is refused" "$status $(grep -c 'holds a partition table (gpt)' errors)" "5 1"
mount $(lsblk -lnpo NAME $(readlink -f $one) | sed -n 2p) /mnt/copy
status=0
imagectl deploy -f m.img $one >said 2>errors || status=$?
check "a disk in use is refused" "$status $(grep -c "mounted at '/mnt/copy'" errors)" "5 1"
umount /mnt/copy /mnt/source
losetup -d $loop
no_trouble
nothing_left
