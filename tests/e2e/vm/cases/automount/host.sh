# For cases that vm drives: makes the images of the disks and discs that they plug in, in $work; inside LINE runs a line
# of bash in the machine, with the functions of inside.sh.
# shellcheck shell=bash
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

inside() {
    echo "inside: $*"
    "$VM" script "$(dirname "$0")/automount/inside.sh" "$*" || { echo "FAILED: $*"; exit 1; }
}

# On the host: a FAT stick with an image on it, an ext4 stick with two partitions, a disc, what only the kernel reads.
mkdir -p "$work/tree"
echo "Hello from a disc." >"$work/tree/hello.txt"
head -c 2M /dev/urandom >"$work/tree/big.bin"
xorriso -as mkisofs -quiet -R -V INNER -o "$work/inner.iso" "$work/tree" 2>/dev/null
xorriso -as mkisofs -quiet -R -J -V DISC -o "$work/disc.iso" "$work/tree" 2>/dev/null
truncate -s 32M "$work/fat.img"
mkfs.vfat -n STICK "$work/fat.img" >/dev/null
mmd -i "$work/fat.img" ::/images
mcopy -i "$work/fat.img" "$work/tree/hello.txt" "$work/tree/big.bin" ::/
mcopy -i "$work/fat.img" "$work/inner.iso" ::/images/inner.iso
echo "no image" >"$work/readme.txt"
mcopy -i "$work/fat.img" "$work/readme.txt" ::/images/readme.txt
truncate -s 40M "$work/two.img"
sfdisk -q "$work/two.img" <<<$'label: dos\nstart=2048, size=32768, type=83\nstart=36864, size=32768, type=83'
truncate -s 16M "$work/part.img"
mkfs.ext4 -q -F -L 'UPPER ..' -d "$work/tree" "$work/part.img"
dd if="$work/part.img" of="$work/two.img" bs=1M seek=1 conv=notrunc status=none
mkfs.ext4 -q -F -L LOWER -d "$work/tree" "$work/part.img"
dd if="$work/part.img" of="$work/two.img" bs=1M seek=18 conv=notrunc status=none
truncate -s 8M "$work/none.img"
mkfs.erofs "$work/none.img" "$work/tree" >/dev/null 2>&1
