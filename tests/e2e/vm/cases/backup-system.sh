#!/bin/bash
# vm drive --timeout 2400
# A machine with its root on LVM and a data partition backs both up on schedule while it runs; after changes an
# increment; a file is taken out of the first backup. Then the whole disk is saved from a second system and restored onto
# an empty disk, which boots.
set -euo pipefail
here=$(dirname "$0")/backup-system
inside() { $VM script --timeout "${2:-600}" "$here/$1.sh"; }

$VM plug sys --size 3G
$VM plug store --size 4G
inside make-system
$VM stop

$VM boot --from sys
inside scheduled 900
$VM stop

$VM boot
$VM plug new --size 4G
inside whole-disk 900
$VM stop

$VM unplug sys
$VM boot --from new
inside restored
$VM stop
