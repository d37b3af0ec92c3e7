#!/bin/bash
# Runs as root in a machine whose kernel has the udf driver. Makes, fills and lists the images.
#   in-vm.sh fill IN OUT    makes images with mkudffs, fills them, lists them after a fresh read-only mount
#   in-vm.sh list IN OUT    lists IN/*.img, mounted read-only
set -eu
mode=$1 in=$2 out=$3
modprobe udf; modprobe loop; modprobe nls_utf8 || true
work=$(mktemp -d); mkdir "$work/m"

list() {  # image name
    mount -t udf -o loop,ro,noatime,iocharset=utf8 "$1" "$work/m"
    python3 "$in/listing.py" "$work/m" > "$out/$2.tsv"
    umount "$work/m"
}

fill() {  # name size small-files mount-options mkudffs-options...
    local name=$1 size=$2 small=$3 options=$4; shift 4
    local image=$work/$name.img
    truncate -s "$size" "$image"
    mkudffs --utf8 --label="$name" --uuid=0123456789abcdef "$@" "$image" > /dev/null
    mount -t udf -o "loop,rw,iocharset=utf8,$options" "$image" "$work/m"
    python3 "$in/populate.py" "$work/m" "$small" 2>&1 | sed "s/^/$name: /"
    umount "$work/m"
    list "$image" "$name"
    xz -9e -c "$image" > "$out/$name.img.xz"
    echo "$name: $(stat -c %s "$out/$name.img.xz") bytes, $(wc -l < "$out/$name.tsv") nodes"
}

uname -r
if [ "$mode" = fill ]; then
    fill hd512-2.01      4M  60   noadinicb,longad  --media-type=hd --blocksize=512  --udfrev=2.01
    fill hd512-1.02      4M  60   adinicb,shortad   --media-type=hd --blocksize=512  --udfrev=1.02
    fill hd2048-2.01     6M  700  adinicb,shortad   --media-type=hd --blocksize=2048 --udfrev=2.01
    fill hd4096-2.00     8M  60   adinicb,longad    --media-type=hd --blocksize=4096 --udfrev=2.00
    fill dvdram-1.02     6M  60   adinicb,longad    --media-type=dvdram --udfrev=1.02
    fill cdrw-1.50       16M 60   adinicb,longad    --media-type=cdrw --udfrev=1.50
    fill dvdrw-2.01      16M 60   adinicb,shortad   --media-type=dvdrw --udfrev=2.01
    fill base-1.50       6M  60   adinicb,longad    --media-type=hd --blocksize=2048 --udfrev=1.50
    fill base-2.01       6M  60   noadinicb,longad  --media-type=hd --blocksize=2048 --udfrev=2.01
else
    for image in "$in"/*.img; do
        name=$(basename "$image" .img)
        cp "$image" "$work/$name.img"
        list "$work/$name.img" "$name" && echo "$name: $(wc -l < "$out/$name.tsv") nodes" \
            || { echo "$name: not mounted"; dmesg | tail -5; }
    done
fi
