#!/bin/bash
# vm run --timeout 600
# What goes on can be seen: entries of the journal with fields, the catalogue's words, the doctor, events.
. /mnt/share/lib.sh

install_package
journalctl --update-catalog
member alice
make_tree tree
xorriso -as mkisofs -quiet -R -V SEEN -o disc.iso tree 2>/dev/null
cp disc.iso /home/alice/disc.iso
printf 'colour = blue\n' >>/etc/imaged/imaged.conf
line=$(wc -l </etc/imaged/imaged.conf)
systemctl restart imaged.service 2>/dev/null || systemctl start imaged.service

imagectl monitor --json -v >events 2>listening &
until_true 10 "imagectl monitor listens" grep -q listening listening
as_user alice imagectl mount /home/alice/disc.iso >where
id=$(imagectl list --json | jq -r '.attachments[0].id')
uid=$(id -u alice)
kill -KILL "$(imagectl list --json | jq -r '.attachments[0].worker')"
until_true 20 "its worker is replaced" grep -q workerReplaced events
cmp "$(<where)/big.bin" tree/big.bin
as_user alice imagectl umount "$id"
as_user alice imagectl attach /home/alice/disc.iso 2>refusal && fail "a user attached a device"
until_true 10 "the refusal is told" grep -q '"refused"' events
check "events" "$(jq -r .kind events | paste -sd ' ')" "attached workerLost workerReplaced detached refused"

journalctl --sync
entries() { journalctl -q -b -o json "$@"; }
check "entries of the attachment" "$(entries IMAGED_ATTACHMENT="$id" | wc -l)" 4
check "images in them" "$(entries IMAGED_ATTACHMENT="$id" | jq -r .IMAGED_IMAGE | uniq)" /home/alice/disc.iso
check "users in them" "$(entries IMAGED_ATTACHMENT="$id" | jq -r .IMAGED_UID | uniq)" "$uid"
check "unit of them" "$(entries IMAGED_ATTACHMENT="$id" | jq -r ._SYSTEMD_UNIT | uniq)" imaged.service
check "priority of a lost worker" "$(entries MESSAGE_ID=ad4aba82912d473a8cf8b67c7ce6d122 | jq -r .PRIORITY)" 4
journalctl -q -b -x -o short IMAGED_ATTACHMENT="$id" >explained
grep -q "The process that reads an image ended unexpectedly" explained || fail "catalogue: $(<explained)"
grep -q "The image /home/alice/disc.iso is no longer attached" explained || fail "catalogue: $(<explained)"
check "lines that are no entries of ours" "$(journalctl -q -b -t imaged -o json \
    | jq -r 'select(.MESSAGE_ID == null) | .MESSAGE' | grep -v '^listening' || true)" ""

imagectl doctor >doctor && fail "the doctor finds no fault with a wrong configuration"
grep -q "line $line: 'colour = blue'" doctor || fail "doctor: $(<doctor)"
check "problems" "$(grep -c PROBLEM doctor)" 1
sed -i '/colour/d' /etc/imaged/imaged.conf
systemctl restart imaged.service
imagectl doctor >doctor || fail "doctor: $(<doctor)"
as_user alice imagectl doctor >/dev/null || fail "doctor of a user: $(as_user alice imagectl doctor)"
useradd --create-home bob
as_user bob imagectl doctor >doctor && fail "the doctor lets everybody in"
grep -q "adduser bob imaged" doctor || fail "doctor of a stranger: $(<doctor)"
systemctl disable imaged.socket 2>/dev/null
imagectl doctor >doctor && fail "the doctor does not mind a unit that is off"
grep -q "systemctl enable --now imaged.socket" doctor || fail "doctor: $(<doctor)"
systemctl enable imaged.socket 2>/dev/null

# Settings that are read again: by the same daemon, for what comes.
conf=/etc/imaged/imaged.conf
pid=$(systemctl show -P MainPID imaged.service)
cp disc.iso /home/alice/other.iso
first=$(as_user alice imagectl mount /home/alice/disc.iso)
limited() { ! as_user alice imagectl mount /home/alice/other.iso 2>refusal && grep -q '1 images are attached' refusal; }
unlimited() { second=$(as_user alice imagectl mount /home/alice/other.iso 2>/dev/null); }
sed -i '$a max-attachments-per-user = 1' $conf
imagectl doctor >doctor || fail "doctor: $(<doctor)"
grep -q "was changed since it was read" doctor || fail "doctor of a changed file: $(<doctor)"
systemctl reload imaged.service || fail "reload: $(journalctl -b -u imaged.service -o cat | tail -n 5)"
until_true 10 "the limit holds" limited

# A wrong line: whoever reloads is told, and all stays as it was, whichever way it is asked.
sed -i -e 's/user = 1$/user = 5/' -e '$a colour = blue' $conf
line=$(wc -l <$conf)
systemctl reload imaged.service 2>said && fail "a wrong configuration was taken"
grep -q "Job for imaged.service failed" said || fail "reload said: $(<said)"
systemctl status imaged.service >status || fail "reloading ended the daemon: $(<status)"
grep -q "line $line: 'colour = blue'" status || fail "status after reloading: $(<status)"
limited || fail "a wrong configuration holds"
imagectl doctor >doctor && fail "the doctor finds no fault with a wrong configuration"
grep -q "line $line: 'colour = blue'.* the settings from before it was changed are used" doctor \
    || fail "doctor: $(<doctor)"
kill -HUP "$pid"
told() { (($(entries MESSAGE_ID="$1" | wc -l) == $2)); }
until_true 10 "it says that the file was not taken" told 0b75072def934b1eb0cddbf9bdb35606 1
limited || fail "a wrong configuration holds"
sed -i '/colour/d' $conf
systemctl reload imaged.service
until_true 10 "the new limit holds" unlimited
check "the daemon" "$(systemctl show -P MainPID imaged.service)" "$pid"
check "times that it was reloaded" "$(entries MESSAGE_ID=f543752d046c4a658d60fe9143e2c367 | wc -l)" 2

# What is attached is told by 'status', and by the journal when the daemon is stopped; it goes on.
systemctl status imaged.service >status
grep -q "Status: \"2 attached; the newest: '/home/alice/other.iso' on '$second'" status || fail "status: $(<status)"
systemctl stop imaged.service 2>/dev/null
until_true 10 "stopping tells what stays" told 488b091ed92c4a129af5ff2f6b4fbda4 1
cmp "$first/big.bin" tree/big.bin
cmp "$second/big.bin" tree/big.bin
check "state" "$(systemctl is-active imaged.service)" inactive
imagectl umount --all
systemctl stop imaged.socket imaged.service 2>/dev/null
nothing_left
echo "ok: $(systemctl --version | head -n 1), Linux $(uname -r)"
