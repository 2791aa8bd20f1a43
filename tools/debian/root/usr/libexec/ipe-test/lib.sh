# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Functions of all tests. Their results survive a soft reboot in $state.

# shellcheck disable=SC2034 # for the scripts that include this
ipe=/sys/kernel/security/ipe
signed=/usr/share/ipe-test
state=/run/ipe-test
mkdir -p $state
TAP_STATE=$state/tap TAP_SHOW=always
# shellcheck source=tools/build/tap.sh
. /usr/libexec/ipe-test/tap.sh

# is EXPECTED COMMAND...: the command prints exactly that.
is() {
	expected=$1
	shift
	printed=$("$@")
	echo "$printed"
	[ "$printed" = "$expected" ] || {
		echo "expected: $expected"
		false
	}
}

# ends STATUS COMMAND...: the command ends with that status.
ends() {
	expected=$1
	shift
	status=0
	"$@" || status=$?
	[ $status = "$expected" ] || {
		echo "ended with $status, expected $expected"
		false
	}
}

none() { ! "$@"; }

# soon COMMAND...: repeats it until it succeeds, ten seconds at most, because records
# reach the daemon and its file with a delay.
soon() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		seen=$("$@") && break
		sleep 1
	done
	echo "$seen"
	"$@" >/dev/null
}

# The messages of PID 1 since the kernel started, initrd included, with the time when the
# journal received them. Their order proves nothing: PID 1 writes to the journal or, when
# there is none, to the kernel's log, and the next journal may read either first.
journalctl --boot --no-pager --output=short-monotonic _PID=1 + SYSLOG_IDENTIFIER=systemd >$state/heard
words() { sed 's/^[[][^]]*[]] [^ ]* [^ ]* //'; }
# said PATTERN: the messages that match; heard NUMBER PATTERN: this many match.
said() { words <$state/heard | grep -E "$1"; }
heard() {
	found=$(said "$2")
	echo "$found"
	[ "$(echo "$found" | grep -c .)" = "$1" ]
}
# activates POLICY, skips POLICY: the patterns of these messages.
activates() { echo "^Successfully loaded and activated the IPE policy $1\.$"; }
skips() { echo "^IPE policy $1 is already loaded with a version that is equal or higher, skipping\.$"; }

# policies: name, version, and whether it is active.
policies() {
	for directory in "$ipe"/policies/*; do
		echo "$(cat "$directory/name") $(cat "$directory/version") $(cat "$directory/active")"
	done
}

# load POLICY: loads a policy that PID 1 does not load.
load() { cat "$signed/$1.p7b" >$ipe/new_policy; }

# open_volume NAME DIRECTORY [OPTION...]: opens and mounts a dm-verity volume. There is no udev.
export DM_DISABLE_UDEV=1
open_volume() {
	name=$1 at=$2
	shift 2
	mkdir -p "$at"
	veritysetup open "$signed/$name.img" "$name" "$signed/$name.img" "$(cat "$signed/$name.hash")" \
		--hash-offset="$(cat "$signed/$name.offset")" "$@" &&
		mount -t erofs -o ro "/dev/mapper/$name" "$at"
}

# search TYPE PATTERN: the records in the log of the audit daemon, raw.
search() { ausearch --input-logs --message "$1" --raw 2>/dev/null | grep -E "^type=(UNKNOWN\[)?$1\]? .*$2"; }
# denied HOOK FILE: the pattern of a denial.
denied() { echo "ipe_hook=$1 enforcing=1 .* path=\"$state/$2\" .* rule=\"DEFAULT action=DENY\""; }
# count EXPECTED TYPE PATTERN: this many records match.
count() {
	found=$(search "$2" "$3")
	echo "$found"
	[ "$(echo "$found" | grep -c .)" = "$1" ]
}

# The attack on the mode: a script that tries to switch enforcement off, reports the
# result, and restores the mode. A shell of the root volume reads it, as data.
cat >$state/attack <<-SCRIPT
	{
		echo 0 >$ipe/enforce && echo written
		cat $ipe/enforce
	} >$state/report 2>&1
	echo 1 >$ipe/enforce
	mv $state/report $state/result
SCRIPT
# attempt COMMAND...: makes another program run that script, and prints its report.
attempt() {
	rm -f $state/result
	"$@"
	soon cat $state/result
}
directly() { bash $state/attack; }
unit() { systemd-run --quiet "$@" bash $state/attack; }
# The kernel starts the handler of a core dump.
core_dump() {
	pattern=$(cat /proc/sys/kernel/core_pattern)
	echo "|/bin/bash $state/attack" >/proc/sys/kernel/core_pattern
	sh -c 'kill -SEGV $$'
	soon test -e $state/result >/dev/null
	echo "$pattern" >/proc/sys/kernel/core_pattern
}
succeeds() { attempt "$@" | tee $state/seen; is 'written
0' cat $state/seen >/dev/null; }
fails() { attempt "$@" | tee $state/seen; grep -q ': Operation not permitted$' $state/seen && grep -qx 1 $state/seen; }
