#!/bin/bash
# vm run --timeout 900
# Image files dropped into the watched folder are mounted, and unmounted when they go. Nothing is while it is off.
. /mnt/share/lib.sh
install_package

auto=/var/lib/imaged/auto
media=/run/media/imaged
work=/var/tmp/images
mkdir -p $work $auto
cd $work
make_tree tree
xorriso -as mkisofs -quiet -R -V ONE -o one.iso tree 2>/dev/null
xorriso -as mkisofs -quiet -R -V TWO -o two.iso tree/docs 2>/dev/null
mkfs.ext4 -q -F -L THREE -d tree/docs three.img 8M
mkfs.ext4 -q -F -d tree/docs unnamed.img 8M
truncate -s 24M disk.img
sfdisk -q disk.img <<<$'label: gpt\nstart=2048, size=16384\nstart=20480, size=16384'
mkfs.ext4 -q -F -L PARTA -d tree/docs part.img 8M && dd if=part.img of=disk.img bs=1M seek=1 conv=notrunc status=none
mkfs.ext4 -q -F -L PARTB -d tree/docs part.img 8M && dd if=part.img of=disk.img bs=1M seek=10 conv=notrunc status=none

is_mounted() { grep -q " $media/$1 .* - fuse.imaged " /proc/self/mountinfo; }
is_gone() { ! grep -q " $media/$1 " /proc/self/mountinfo && [[ ! -e $media/$1 ]]; }
told() { journalctl -b -q -u imaged-automount.service -o cat | grep -cF -- "$1" || true; }
apply() { printf '%s\n' "$@" >/etc/imaged/imaged.conf && systemctl restart imaged.service; }
watches() { [[ $(systemctl is-active imaged-automount.service) == active ]]; }

# Off: by default, and when it is said.
cp one.iso $auto
systemctl start imaged-automount.service
check "watcher by default" "$(systemctl is-active imaged-automount.service)" inactive
apply "automount-folder = no"
until_true 20 "it says that it is off" eval '(( $(told "to turn that on: automount-folder = yes") > 0 ))'
sleep 3
check "mounted while it is off" "$(ls $media 2>/dev/null)" ""

# On: what is there already, and what comes.
apply "automount-folder = yes"
until_true 30 "a file that was there" is_mounted ONE
cmp tree/big.bin $media/ONE/big.bin
check "options" "$(findmnt -no OPTIONS $media/ONE | grep -o -e '^ro,nosuid,nodev')" "ro,nosuid,nodev"
cp two.iso $auto & cp three.img $auto & wait
until_true 30 "two at once, a disc" is_mounted TWO
until_true 30 "two at once, a disk" is_mounted THREE
cmp tree/docs/hello.txt $media/THREE/hello.txt
cp disk.img $auto
until_true 30 "the first partition" is_mounted PARTA
until_true 30 "the second partition" is_mounted PARTB

# Removed, also while it is in use: its place is free at once.
exec 5<$media/ONE/big.bin
rm $auto/one.iso $auto/disk.img
until_true 20 "removed while in use" is_gone ONE
until_true 20 "removed" is_gone PARTA
until_true 20 "removed" is_gone PARTB
cmp tree/big.bin - <&5
cp one.iso $auto
until_true 30 "the same again" is_mounted ONE
exec 5<&-
rm $auto/one.iso
until_true 20 "removed" is_gone ONE

# Written slowly: not before it is whole.
half=$(($(stat -c %s one.iso) / 2))
{ head -c $half one.iso; sleep 6; tail -c +$((half + 1)) one.iso; } >$auto/slow.iso &
sleep 5
check "mounted half" "$(grep -c " $media/ONE " /proc/self/mountinfo || true)" 0
check "tried half" "$(told slow.iso)" 0
wait $!
until_true 30 "a file that was written slowly" is_mounted ONE
cmp tree/big.bin $media/ONE/big.bin

# Another file in its place.
cp unnamed.img $work/other && mv $work/other $auto/slow.iso
until_true 30 "replaced" is_gone ONE
until_true 30 "replaced by another" is_mounted slow
rm $auto/slow.iso
until_true 20 "removed" is_gone slow

# Names that nobody would choose who means well.
cp unnamed.img $auto/$'%n..%s\n; touch pwned $(touch pwned) .img'
until_true 30 "a hostile name" eval 'ls $media | grep -q pwned'
check "what its directory is called" "$(ls $media | grep -c '^[[:alnum:]%. _-]*$')" "$(ls $media | wc -l)"
check "lines in the journal that it forged" "$(journalctl -b -q -u 'imaged*' -o cat | grep -c '^; touch' || true)" 0
rm $auto/*pwned*
until_true 20 "a hostile name is removed" eval '! ls $media | grep -q pwned'

# What is no image stays, and is told once; hidden files, links and directories are passed over.
echo "This is no image." >$auto/note.txt
ln -s $work/one.iso $auto/link.iso
cp one.iso $auto/.hidden.iso
mkdir $auto/folder.iso
mkfifo $auto/fifo.iso
until_true 30 "it says what is no image" eval '(( $(told "note.txt'"'"' is not mounted:") == 1 ))'
until_true 30 "it says what is no file" eval '(( $(told "fifo.iso'"'"' is not mounted:") == 1 ))'
touch $auto/event && sleep 4 && rm $auto/event
check "a file that is no image" "$(<$auto/note.txt)" "This is no image."
check "how often it is told" "$(told "note.txt' is not mounted:")" 1
check "links, hidden files, directories" "$(grep -c " $media/ONE " /proc/self/mountinfo || true)" 0
rm -r $auto/note.txt $auto/link.iso $auto/.hidden.iso $auto/folder.iso $auto/fifo.iso

# Whatever ends meanwhile, mounts stay, and what changed meanwhile is seen.
before=$(imagectl list | awk '{ print $1 }' | sort)
systemctl kill -s KILL imaged-automount.service
until_true 20 "a watcher that was killed" watches
systemctl restart imaged.service
until_true 20 "a watcher after the daemon" watches
sleep 4
check "mounts after restarts" "$(imagectl list | awk '{ print $1 }' | sort)" "$before"
systemctl stop imaged-automount.service
rm $auto/two.iso && cp one.iso $auto
systemctl start imaged-automount.service
until_true 20 "removed while nobody watched" is_gone TWO
until_true 30 "dropped while nobody watched" is_mounted ONE

# Only what is named; off again.
apply "automount-folder = yes" "automount-names = *.iso"
until_true 30 "a name that is not meant any more" is_gone THREE
is_mounted ONE
apply "automount-folder = no"
until_true 30 "off again" is_gone ONE
check "a watcher that is off" "$(systemctl is-failed imaged-automount.service)" inactive
rm -rf $auto/*

# The folder itself is taken away.
apply "automount-folder = $work/drop"
until_true 20 "a folder that is not there" eval '(( $(told "make it with: mkdir -p") > 0 ))'
systemctl stop imaged-automount.service
systemctl reset-failed imaged-automount.service 2>/dev/null || true
no_trouble
systemctl stop imaged.service 2>/dev/null
nothing_left
