#!/bin/bash
# vm drive --timeout 900
# Which disks that appear are mounted, and how, is what the configuration says; hotplug has what happens when they go.
. "$(dirname "$0")/automount/host.sh"

inside install_package

# Off by default.
"$VM" plug stick --bus usb --image "$work/fat.img" --serial SERIAL1
inside 'until_true 30 "it says that it is off" has_told "to turn that on: automount-devices = yes"'
inside 'check "mounted while it is off" "$(ls $media 2>/dev/null)" ""; none_failed'
"$VM" unplug stick
inside 'until_true 30 "the unit ends" no_units; none_failed'

# Two partitions; a label that nobody would choose.
inside 'apply "automount-devices = yes"'
"$VM" plug two --bus usb --image "$work/two.img" --serial SERIAL2
inside 'until_true 60 "a partition" is_mounted LOWER; until_true 60 "the other one" is_mounted "UPPER\\\\040.."'
inside 'cmp $media/LOWER/big.bin "$media/UPPER ../big.bin"'

# An administrator stops a unit; the other one goes with its device.
inside 'systemctl stop "imaged-automount@*sdb1.service" "imaged-automount@*sda1.service"; none_failed'
"$VM" unplug two
inside 'until_true 30 "both" all_gone; none_failed'

# Which devices: by what udev knows of them.
inside 'apply "automount-devices = yes" "automount-allow = bus:usb label:OTHER*" "automount-allow = serial:SERIAL9"'
"$VM" plug stick --bus usb --image "$work/fat.img" --serial SERIAL1
inside 'until_true 60 "refused" has_told "is not mounted: no line '"'"'automount-allow'"'"' fits it"'
inside 'check "mounted though refused" "$(ls $media)" ""'
"$VM" unplug stick
inside 'until_true 30 "gone" no_units'
for rule in 'bus:usb label:st*' 'serial:*SERIAL1' 'path:/dev/disk/by-label/STICK' 'uuid:????-????'; do
    inside "apply 'automount-devices = yes' 'automount-allow = label:OTHER' 'automount-allow = $rule'"
    "$VM" plug stick --bus usb --image "$work/fat.img" --serial SERIAL1
    inside 'until_true 60 "allowed" is_mounted STICK; is_gone INNER'
    "$VM" unplug stick
    inside 'until_true 30 "gone" all_gone'
done

# What imaged does not read itself: the kernel does when it is allowed to.
inside 'apply "automount-devices = yes"'
"$VM" plug none --bus usb --image "$work/none.img" --serial SERIAL3
inside 'until_true 60 "not without the kernel" eval "(( \$(units active) == 1 ))"'
inside 'check mounts "$(ls $media)" ""; none_failed'
"$VM" unplug none
inside 'until_true 30 "gone" no_units; apply "automount-devices = yes" "automount-kernel = yes"'
"$VM" plug none --bus usb --image "$work/none.img" --serial SERIAL3
inside 'until_true 60 "by the kernel" grep -q "erofs" /proc/self/mountinfo'
inside 'cmp $media/*/hello.txt <(echo "Hello from a disc.")'
"$VM" unplug none
inside 'until_true 30 "gone" no_units; until_true 20 "its mount" eval "[[ -z \$(ls \$media) ]]"; none_failed'

# Only the images, not the device's own files.
inside 'apply "automount-images = /images"'
"$VM" plug stick --bus usb --image "$work/fat.img" --serial SERIAL1
inside 'until_true 60 "only the image" is_mounted INNER; cat $media/INNER/hello.txt'
"$VM" unplug stick
inside 'until_true 30 "gone" all_gone; none_failed'
inside 'systemctl stop imaged.service 2>/dev/null; nothing_left; nothing_denied'
echo ok
