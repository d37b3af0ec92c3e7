#!/bin/bash
# Makes the images in this folder, each as small as its tool allows. Times and identifiers are fixed wherever the tool
# lets us. Made with xorriso 1.5.4, genisoimage 1.1.11, udftools 2.3, e2fsprogs 1.47.0, dosfstools 4.2,
# mtools 4.0.33, ntfs-3g 2022.10.3, exfatprogs 1.2.0, exfat-fuse 1.3.0, gdisk 1.0.9, util-linux 2.38.1, parted 3.5,
# squashfs-tools 4.5.1, wimlib 1.13.5, partclone 0.3.23, lvm2 2.03.16, xz 5.4.1 (Debian 12).
# Usage: tests/samples/make.sh (writes beside itself; without root it leaves those of NTFS, exFAT and LVM as they are)
set -euo pipefail
cd "$(dirname "$0")"
export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C.UTF-8 TZ=UTC SOURCE_DATE_EPOCH=1767225600 MTOOLS_SKIP_CHECK=1
readonly uuid=1b2f9a4e-7c35-4d0a-9f6e-0123456789ab

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The files that all of them hold.
tree=$work/tree
mkdir -p "$tree/docs/deep/deeper" "$tree/music"
cat >"$tree/README.txt" <<'TEXT'
This is the demonstration disc of imaged.
It was mounted without a kernel module and without a library.
TEXT
printf 'Hello from inside an image.\n' >"$tree/docs/hello.txt"
for i in $(seq 1 300); do printf 'line %03d of a longer text\n' "$i"; done >"$tree/docs/longer.txt"
printf 'at the bottom\n' >"$tree/docs/deep/deeper/bottom.txt"
printf 'naïve café, 日本語\n' >"$tree/music/Ünïcode names.txt"
: >"$tree/empty"
ln -s docs/hello.txt "$tree/link-to-hello"
printf '#!/bin/sh\necho demo\n' >"$tree/run.sh"
chmod 755 "$tree/run.sh"
find "$tree" -exec touch -h -d @$SOURCE_DATE_EPOCH {} +

pack() { xz -9e -c "$1" >"$1.xz" && rm "$1"; }
iso() {
    xorriso -as mkisofs -quiet -no-pad -V "$1" --modification-date=2026010100000000 "${@:3}" -o "$2" "$tree" \
        2>"$work/log" || { cat "$work/log" >&2; return 1; }
}

# Volumes.
iso IMAGED_DEMO demo.iso -R -J
iso PLAIN plain.iso -iso-level 1 && pack plain.iso
mkzftree "$tree" "$work/zisofs"
genisoimage -quiet -no-pad -z -R -V ZISOFS -o zisofs.iso "$work/zisofs" 2>/dev/null && pack zisofs.iso
genisoimage -quiet -no-pad -udf -R -J -V BRIDGE -o bridge.iso "$tree" 2>/dev/null && pack bridge.iso
# Two sessions with a table of contents that xorriso emulates; the second one adds a file.
rm -f sessions.iso
xorriso -report_about FAILURE -outdev sessions.iso -volid SESSIONS -map "$tree" / -commit
printf 'from the second session\n' >"$work/second.txt"
xorriso -report_about FAILURE -dev sessions.iso -map "$work/second.txt" /second.txt -commit
pack sessions.iso

fat() { # file, KiB, bits, sectors per cluster
    rm -f "$1"
    mkfs.fat --invariant -C -F "$3" -s "$4" -n "FAT$3" -i 20260101 "$1" "$2" >/dev/null
    mcopy -s -m -i "$1" "$tree/README.txt" "$tree/docs" "$tree/music" "$tree/empty" ::
}
fat fat12.img 256 12 1 && pack fat12.img
fat fat16.img 4400 16 1 && pack fat16.img
fat fat32.img 34000 32 1 && pack fat32.img

ext() { # file, KiB, options
    truncate -s "$2K" "$1"
    E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH mke2fs -q -F -b 1024 -U $uuid -E hash_seed=$uuid,root_owner=0:0 \
        -d "$tree" "${@:3}" "$1"
}
ext ext2.img 256 -t ext2 -L EXT2
rm -f partclone.img
partclone.ext2 -c -q -F -s ext2.img -o partclone.img -L "$work/log" >/dev/null 2>&1
pack ext2.img && pack partclone.img
ext ext4.img 512 -t ext4 -L EXT4 -O 64bit,inline_data,metadata_csum,^has_journal -I 256 && pack ext4.img

truncate -s 2M udf.img
mkudffs --utf8 --vid=UDF_DEMO --uuid=0123456789abcdef --media-type=hd --blocksize=512 --udfrev=2.01 udf.img >/dev/null
pack udf.img

mksquashfs "$tree" squashfs.img -quiet -no-progress -all-root -noappend -comp gzip >/dev/null && pack squashfs.img

# Other containers, for the fuzzer: what stands in them uncompressed meets its parsers.
wimlib-imagex capture "$tree" stored.wim DEMO --compress=none --unix-data >/dev/null && pack stored.wim
wimlib-imagex capture "$tree" lzx.wim DEMO --compress=LZX --check >/dev/null && pack lzx.wim
python3 aff4.py "$work" http://code.google.com/p/snappy/ snappy && mv "$work/image.aff4" snappy.aff4 && pack snappy.aff4

# Volumes that are filled through a mount.
many() { for i in $(seq 60); do : >"$1/a name of some length $i"; done; }
if ((EUID == 0)); then
    mkdir "$work/mnt"
    truncate -s 2M ntfs.img
    mkntfs -q -F -c 512 -L NTFS ntfs.img >"$work/log" 2>&1
    ntfs-3g -o no_detach,compression,streams_interface=xattr ntfs.img "$work/mnt" >"$work/log" 2>&1 &
    until mountpoint -q "$work/mnt"; do kill -0 $!; done
    cp -r "$tree/." "$work/mnt"
    ln "$work/mnt/README.txt" "$work/mnt/docs/hard-link.txt"
    setfattr -n user.note -v 'a named stream' "$work/mnt/README.txt"
    mkdir "$work/mnt/compressed" "$work/mnt/many"
    setfattr -h -v 0x00000800 -n system.ntfs_attrib_be "$work/mnt/compressed"
    seq 4000 >"$work/mnt/compressed/numbers"
    truncate -s 100000 "$work/mnt/sparse"
    printf middle | dd of="$work/mnt/sparse" bs=1 seek=50000 conv=notrunc status=none
    many "$work/mnt/many"
    umount "$work/mnt"
    wait
    # Half of it is the table of upper case: numbers of two bytes that grow by one.
    xz --delta=dist=2 --lzma2=preset=9e ntfs.img

    truncate -s 1M exfat.img
    mkfs.exfat -b 4K -c 512 -L EXFAT exfat.img >"$work/log"
    device=$(losetup --find --show exfat.img)
    mount.exfat-fuse "$device" "$work/mnt" >"$work/log"
    cp -rL "$tree/." "$work/mnt"
    mkdir "$work/mnt/many"
    many "$work/mnt/many"
    for i in $(seq 20); do seq $i 90 >>"$work/mnt/first"; seq $i 80 >>"$work/mnt/second"; done
    umount "$work/mnt"
    losetup -d "$device"
    pack exfat.img
fi

# Disks.
fat "$work/fat.img" 4096 12 8
ext "$work/ext4.img" 8192 -t ext4 -L ROOT -O ^has_journal
truncate -s 16M disk-gpt.img
sgdisk -o -U $uuid -n 1:2048:+4M -t 1:ef00 -c 1:ESP -u 1:$uuid -n 2:10240:+8M -t 2:8300 -c 2:root \
    -u 2:${uuid/1b/2c} disk-gpt.img >/dev/null
dd if="$work/fat.img" of=disk-gpt.img bs=512 seek=2048 conv=notrunc status=none
dd if="$work/ext4.img" of=disk-gpt.img bs=512 seek=10240 conv=notrunc status=none
pack disk-gpt.img

fat "$work/fat.img" 1024 12 2
truncate -s 8M disk-mbr.img
sfdisk -q disk-mbr.img <<'TABLE'
label: dos
label-id: 0x20260101
start=2048, size=2048, type=1, bootable
start=4096, size=12288, type=5
start=6144, size=2048, type=83
start=10240, size=2048, type=82
TABLE
dd if="$work/fat.img" of=disk-mbr.img bs=512 seek=2048 conv=notrunc status=none
pack disk-mbr.img

# The first of two LVM physical volumes, with volumes removed from among others; no device-mapper is asked.
# `pvs --segments -o pvseg_start,pvseg_size,lv_name` of it: 7 5 striped, 12 6 last, 20 4 end.
if [ "$(id -u)" -eq 0 ] && command -v lvm >/dev/null; then
    truncate -s 4100K lvm.img
    truncate -s 4M "$work/second.img"
    first=$(losetup --find --show lvm.img)
    second=$(losetup --find --show "$work/second.img")
    export LVM_SYSTEM_DIR=$work/lvm LVM_SUPPRESS_FD_WARNINGS=1
    mkdir "$LVM_SYSTEM_DIR"
    cat >"$LVM_SYSTEM_DIR/lvm.conf" <<CONF
devices {
    filter = ["a|^$first\$|", "a|^$second\$|", "r|.*|"]
    use_devicesfile = 0
    external_device_info_source = "none"
    obtain_device_list_from_udev = 0
}
activation { udev_sync = 0 udev_rules = 0 monitoring = 0 }
global { locking_dir = "$work" }
backup { backup = 0 archive = 0 }
CONF
    manage() { lvm "$1" --driverloaded n -y "${@:2}" >>"$work/log" 2>&1; }
    add() { manage lvcreate -an -Zn -Wn "$@"; }
    manage pvcreate "$first" "$second"
    manage vgcreate -s 64k group "$first" "$second"
    add -l 7 -n removed group "$first"
    add -l 10 -n striped -i 2 group
    add -l 3 -n last group "$first"
    manage lvextend -l +3 group/last "$first"
    add -l 2 -n hole group "$first"
    add -l 4 -n end group "$first"
    manage lvremove group/removed group/hole
    losetup -d "$first" "$second"
    pack lvm.img
fi

# A hybrid: a disc that is a disk, with both tables and an Apple map.
iso HYBRID hybrid.iso -R -J -partition_offset 16 --mbr-force-bootable -append_partition 2 0x0c "$work/fat.img" \
    -hfsplus -part_like_isohybrid && pack hybrid.iso

ls -l -- *.iso *.xz
