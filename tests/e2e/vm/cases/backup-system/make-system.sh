#!/bin/bash
# Makes a system of its own on the disk 'sys': boot loader, /boot, root on LVM, a data partition. It is this machine's
# system, copied.
. /mnt/share/lib.sh
disk=/dev/disk/by-id/virtio-sys
sfdisk -q $disk <<END
label: gpt
size=1M, type=21686148-6449-6E6F-744E-656564454649
size=160M, type=L
size=2300M, type=lvm
type=L
END
udevadm settle
mkfs.ext4 -q -L boot $disk-part2
pvcreate -q $disk-part3
vgcreate -q vg $disk-part3
lvcreate -q -n root -L 1800M vg
mkfs.ext4 -q /dev/vg/root
mkfs.ext4 -q -L data $disk-part4
mkfs.ext4 -q -L store /dev/disk/by-id/virtio-store

mount /dev/vg/root /media
mkdir /media/boot
mount $disk-part2 /media/boot
version=$(uname -r)
rsync -aAXH --one-file-system / /media/ --exclude='/var/lib/systemd/random-seed' --exclude='/usr/bin/qemu*' \
    --exclude='/boot/*' --include="/usr/lib/modules/$version" --exclude='/usr/lib/modules/*' --exclude='/media/*'
cp "/boot/vmlinuz-$version" /media/boot/vmlinuz
cp "/boot/config-$version" /media/boot/
cat >/media/etc/fstab <<END
/dev/vg/root / ext4 defaults 0 1
LABEL=boot /boot ext4 defaults 0 2
LABEL=data /srv ext4 defaults 0 2
LABEL=store /backup ext4 defaults 0 2
END
mkdir -p /media/backup
echo "the first" >/media/etc/marker
for dir in dev proc sys; do mount --bind /$dir /media/$dir; done
mkdir -p /media/etc/initramfs-tools/conf.d
printf 'MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=1\nBUSYBOX=n\n' >/media/etc/initramfs-tools/initramfs.conf
printf 'virtio_pci\nvirtio_blk\next4\ndm-mod\n' >/media/etc/initramfs-tools/modules
chroot /media mkinitramfs -o /boot/initrd "$version"
chroot /media grub-install --target=i386-pc $disk 2>&1
cat >/media/boot/grub/grub.cfg <<END
set timeout=0
menuentry system {
    search --no-floppy --label --set=root boot
    linux /vmlinuz root=/dev/mapper/vg-root ro $(sed 's/ root=[^ ]*//' /proc/cmdline)
    initrd /initrd
}
END
umount -R /media
vgchange -q -an vg
