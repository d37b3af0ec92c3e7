#!/bin/bash
# Runs in the machine: the line of bash that is the argument, with these functions and those of lib.sh.
. /mnt/share/lib.sh

media=/run/media/imaged
is_mounted() { grep -q " $media/$1 .* - fuse.imaged " /proc/self/mountinfo; }
is_gone() { ! grep -q " $media/$1 " /proc/self/mountinfo && [[ ! -e $media/$1 ]]; }
told() { journalctl -b -q -u 'imaged-automount@*' -o cat 2>/dev/null | grep -cF -- "$1" || true; }
has_told() { (( $(told "$1") > 0 )); }
units() { systemctl list-units --plain --no-legend --state "$1" 'imaged-automount@*' | wc -l; }
no_units() { (( $(units active,activating,deactivating,failed) == 0 )); }
all_gone() { no_units && [[ -z $(ls $media 2>/dev/null) ]] && ! grep -q "fuse.imaged" /proc/self/mountinfo; }
none_failed() { check "units that failed" "$(systemctl --failed --plain --no-legend)" ""; }
apply() { printf '%s\n' "$@" >/etc/imaged/imaged.conf && systemctl reload-or-restart imaged.service; }

eval "$1"
