#!/bin/bash
# In the system on LVM: both backups run by their timers while files change, then once more.
. /mnt/share/lib.sh
check "root" "$(findmnt -n -o SOURCE /)" /dev/mapper/vg-root
install_package
make_tree /srv/tree
sha256sum </srv/tree/big.bin >/backup/big.sha256
cat >/etc/imaged/backup.d/root.conf <<END
source = /dev/vg/root
target = /backup
calendar = minutely
delay = 0
keep = last=3
END
cat >/etc/imaged/backup.d/data.conf <<END
source = /dev/disk/by-label/data
target = /backup
calendar = minutely
delay = 0
consistency = freeze
END
systemctl daemon-reload
systemctl restart timers.target
check "timers" "$(systemctl list-timers --no-legend 'imaged-backup@*' | grep -o 'imaged-backup@[a-z]*.timer' | sort | paste -sd ' ')" \
    "imaged-backup@data.timer imaged-backup@root.timer"

# Lines in order, each on the disk before the next: whatever is saved has a part of them that ends nowhere within.
(for ((i = 0; ; i++)); do echo $i; sync -d /var/tmp/lines; sleep 0.05; done >/var/tmp/lines) &
writer=$!
last() { imagectl backup list --json | jq -r ".schedules[] | select(.name == \"$1\") | .last${2:-}"; }
ran() { [[ $(last "$1" .exitCode) == 0 ]]; }
failed() { [[ $(last "$1" .exitCode) == [1-9]* ]]; }
ended() { ran "$1" || failed "$1"; }
until_true 400 "the backup of the root" ended root
until_true 400 "the backup of the data" ended data
# From here on only when told to.
sed -i 's/minutely/never/' /etc/imaged/backup.d/*.conf
systemctl daemon-reload
systemctl stop 'imaged-backup@*.timer'
while systemctl is-active -q 'imaged-backup@*.service' || [[ -n $(systemctl list-jobs --no-legend 'imaged-backup@*') ]]; do
    sleep 0.5
done
kill $writer
ran root || fail "the backup of the root: $(last root)"
ran data || fail "the backup of the data: $(last data)"
check "snapshots that are left" "$(lvs --noheadings -o lv_name vg | xargs)" root
touch /srv/thawed
first=$(ls /backup/root-*.qcow2 | head -n 1)
check "what it says of its consistency" "$(imagectl backup list --json /backup | jq -r '[.backups[].backup.consistency] | unique | join(" ")')" \
    "frozen lvm-snapshot"

# Changes, and an increment.
echo "the second" >/etc/marker
head -c 2M /dev/urandom >/var/tmp/new
sync
before=$(ls /backup/root-*.qcow2 | wc -l)
systemctl start imaged-backup@root
check "backups of the root" "$(ls /backup/root-*.qcow2 | wc -l)" $((before + 1 > 3 ? 3 : before + 1))
newest=$(ls /backup/root-*.qcow2 | tail -n 1)
(($(stat -c %s "$newest") * 4 < $(stat -c %s "$first"))) || fail "the increment is as large as $(stat -c %s "$newest")"

# A file out of the first and out of the last one.
check "the file then" "$(imagectl cat "$first" /etc/marker)" "the first"
check "the file now" "$(imagectl cat "$newest" /etc/marker)" "the second"
where=$(imagectl mount "$newest")
cmp "$where/var/tmp/new" /var/tmp/new
imagectl umount "$where"
imagectl cp "$first" /var/tmp/lines /root/lines
# They begin at 0 and end with a whole line or in the middle of one.
head -n -1 /root/lines | awk '$1 != NR - 1 { exit 1 }' || fail "lines are missing in the backup"
for file in /backup/*.qcow2; do imagectl verify "$file" >/dev/null; done
check "units that failed" "$(systemctl --failed --plain --no-legend)" ""
check "errors of imaged" "$(journalctl -b -q -p err -u 'imaged*' -o cat)" ""
ls -l /backup
