#!/bin/bash
# vm run --timeout 600
# Members of the group may do more when polkit says so, without a seat and without an agent; strangers may not.
. /mnt/share/lib.sh

install_package
member alice
member bob
useradd --create-home stranger
make_tree tree
mkfs.ext4 -q -F -d tree disk.img 24M
install -o alice disk.img /home/alice/disk.img
mkdir /srv/place
systemctl start polkit.service
check "actions that polkit knows" "$(pkaction | grep -c '^io\.imaged\.')" 4

# As over SSH: a session without a seat.
over_ssh() {
    local user=$1
    shift
    systemd-run --quiet --wait --pipe --collect --property=PAMName=login --uid="$user" -- "$@"
}

refused() { # action, user, command..
    local action=$1 status=0
    shift
    over_ssh "$@" >output 2>&1 || status=$?
    check "status of '$*': $(<output)" "$status" 5
    grep -q "a rule for the action '$action'" output || fail "'$*' said: $(<output)"
}

attach=(imagectl attach /home/alice/disk.img)
kernel=(imagectl mount --as kernel /home/alice/disk.img)
elsewhere=(imagectl mount /home/alice/disk.img /srv/place)
refused io.imaged.attach alice "${attach[@]}"
refused io.imaged.kernel-mount alice "${kernel[@]}"
refused io.imaged.mount-elsewhere alice "${elsewhere[@]}"
own=$(over_ssh alice imagectl mount /home/alice/disk.img)
refused io.imaged.others-attachments bob imagectl umount "$own"
cmp "$own/big.bin" tree/big.bin
over_ssh alice imagectl umount "$own"

# A rule as the documents tell it, each action on its own.
allow() {
    cat >/etc/polkit-1/rules.d/50-imaged.rules <<RULE
polkit.addRule(function (action, subject) {
    if (action.id == "$1" && subject.isInGroup("imaged")) { return polkit.Result.YES; }
});
RULE
    # polkit watches the folder.
    until_true 20 "the rule for $1 holds" pkcheck_yes "$1"
}
# A user may ask for a process of his own.
pkcheck_yes() { as_user alice bash -c "pkcheck --action-id $1 --process \$\$"; }

allow io.imaged.attach
device=$(over_ssh alice "${attach[@]}" | head -n 1)
cmp "$device" /home/alice/disk.img
refused io.imaged.kernel-mount alice "${kernel[@]}"
over_ssh alice imagectl detach "$device"

allow io.imaged.kernel-mount
where=$(over_ssh alice "${kernel[@]}")
check "driver" "$(findmnt -n -o FSTYPE "$where")" ext4
check "options" "$(findmnt -n -o VFS-OPTIONS "$where" | grep -o 'ro,nosuid,nodev')" ro,nosuid,nodev
refused io.imaged.others-attachments bob imagectl umount "$where"
allow io.imaged.others-attachments
over_ssh bob imagectl umount "$where"

allow io.imaged.mount-elsewhere
over_ssh alice "${elsewhere[@]}"
cmp /srv/place/big.bin tree/big.bin
over_ssh alice imagectl umount /srv/place

# Who is not in the group does not even get to ask.
status=0
over_ssh stranger imagectl list >output 2>&1 || status=$?
check "status of a stranger" "$status" 5

# Where polkit does not run the answer is no, and comes soon.
systemctl mask --now polkit.service 2>/dev/null
began=$SECONDS
refused io.imaged.attach alice "${attach[@]}"
((SECONDS - began < 60)) || fail "without polkit the answer took $((SECONDS - began)) s"
systemctl stop imaged.socket imaged.service
nothing_left
echo "ok: $(systemctl --version | head -n 1), Linux $(uname -r)"
