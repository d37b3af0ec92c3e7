#!/bin/bash
# vm drive --timeout 1800
# The power fails in the middle of a backup of a mounted logical volume, of a merge and of a prune; the disk of the
# backups loses what was not flushed. Then that disk is pulled out while it is written to. PowerCutTests does the same at
# each flush, without a machine.
set -euo pipefail
inside() { $VM script --timeout 300 "$(dirname "$0")/backup-powercut/inside.sh" "$@"; }

$VM plug source --size 600M
$VM plug store --size 500M --bus scsi --volatile
inside prepare
for work in backup merge prune; do
    inside begin $work
    $VM crash --lose-unflushed
    $VM boot
    inside look $work
done
inside vanish
echo ok
