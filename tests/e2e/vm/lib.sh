# For cases that run inside the machine:  . /mnt/share/lib.sh
#
#   fail WHAT                          ends the case
#   check WHAT VALUE EXPECTED          fails unless they are equal
#   until_true SECONDS WHAT COMMAND..  tries every tenth of a second until COMMAND succeeds; fails after SECONDS
#   install_package [FILE]             installs the package with apt as a user would; there is no network
#   member NAME                        makes a user NAME in the group imaged; as_user NAME COMMAND.. runs as that user
#   make_tree DIR                      a folder with files to compare
#   no_trouble [EXPECTED]              fails when a unit failed, AppArmor denied, the kernel or imaged told an error
#   nothing_denied                     fails when AppArmor denied anything
#   nothing_left                       fails when anything of imaged is mounted, attached or running
# shellcheck shell=bash
set -euo pipefail

fail() {
    echo "FAILED: $*"
    exit 1
}

check() {
    [[ $2 == "$3" ]] || fail "$1: '$2', expected '$3'"
}

until_true() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        ((SECONDS < end)) || fail "$what: not within the time"
        sleep 0.1
    done
}

install_package() {
    local log
    log=$(DEBIAN_FRONTEND=noninteractive apt-get install -y "${1:-/mnt/share/imaged.deb}" 2>&1) || fail "apt: $log"
    # What maintainer scripts say that nobody expected.
    ! grep -iE 'warning|error|fail' <<<"$log" || fail "apt said: $log"
}

member() {
    useradd --create-home --groups imaged "$1"
}

as_user() {
    local user=$1
    shift
    runuser -u "$user" -- "$@"
}

make_tree() {
    mkdir -p "$1/docs"
    echo "Hello from inside an image." >"$1/docs/hello.txt"
    head -c 12M /dev/urandom >"$1/big.bin"
    echo "name with spaces" >"$1/docs/a file.txt"
}

no_trouble() {
    check "units that failed" "$(systemctl --failed --plain --no-legend)" ""
    check "errors of the kernel" "$(dmesg | grep -E 'I/O error|EXT4-fs error|blocked for more|general prot' || true)" ""
    check "errors of imaged" "$(journalctl -b -q -p err -u 'imaged*' -o cat | grep -vE "${1:-^$}")" ""
    nothing_denied
}

nothing_denied() {
    check "what AppArmor denied" "$(journalctl -b -q -k -o cat -g 'apparmor="DENIED".*imaged')" ""
}

nothing_left() {
    check "mounts left" "$(grep imaged /proc/self/mountinfo || true)" ""
    check "loop devices left" "$(losetup --list --noheadings)" ""
    # A spare worker ends by itself when its daemon has.
    until_true 10 "processes gone: $(pgrep -a imaged || true)" no_processes
}

no_processes() {
    ! pgrep imaged >/dev/null
}
