# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests share. Their results survive a soft reboot in $state.

# shellcheck disable=SC2034 # for those who include this
ipe=/sys/kernel/security/ipe
signed=/usr/share/ipe-test
state=/run/ipe-test
mkdir -p $state
TAP_STATE=$state/tap TAP_SHOW=always
# shellcheck source=tools/build/tap.sh
. /usr/libexec/ipe-test/tap.sh

# is EXPECTED COMMAND...: that is what the command prints.
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

# ends STATUS COMMAND...: so does the command.
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

# soon COMMAND...: repeated until it succeeds, ten seconds at most. Records take their
# time on the way to the daemon and to its file.
soon() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		seen=$("$@") && break
		sleep 1
	done
	echo "$seen"
	"$@" >/dev/null
}

# What PID 1 has said since the kernel started, initrd included, with the time when
# the journal heard it. The order of the lines tells nothing: PID 1 talks to the journal
# and, when there is none, to the kernel, and the next journal reads either first.
journalctl --boot --no-pager --output=short-monotonic _PID=1 + SYSLOG_IDENTIFIER=systemd >$state/heard
words() { sed 's/^[[][^]]*[]] [^ ]* [^ ]* //'; }
# said PATTERN: lines of it; heard NUMBER PATTERN: so many.
said() { words <$state/heard | grep -E "$1"; }
heard() {
	found=$(said "$2")
	echo "$found"
	[ "$(echo "$found" | grep -c .)" = "$1" ]
}
# activates POLICY, skips POLICY: how it says so.
activates() { echo "^Successfully loaded and activated the IPE policy $1\.$"; }
skips() { echo "^IPE policy $1 is already loaded with a version that is equal or higher, skipping\.$"; }

# policies: name, version, and whether it is in force.
policies() {
	for directory in "$ipe"/policies/*; do
		echo "$(cat "$directory/name") $(cat "$directory/version") $(cat "$directory/active")"
	done
}

# load POLICY: one that is not PID 1's.
load() { cat "$signed/$1.p7b" >$ipe/new_policy; }

# search TYPE PATTERN: the records that the audit daemon has written down, raw.
search() { ausearch --input-logs --message "$1" --raw 2>/dev/null | grep -E "^type=(UNKNOWN\[)?$1\]? .*$2"; }
# denied HOOK FILE: the pattern of a denial.
denied() { echo "ipe_hook=$1 enforcing=1 .* path=\"$state/$2\" .* rule=\"DEFAULT action=DENY\""; }
# count EXPECTED TYPE PATTERN: so many there are, after all have arrived.
count() {
	found=$(search "$2" "$3")
	echo "$found"
	[ "$(echo "$found" | grep -c .)" = "$1" ]
}

# The attack on the mode: a script that tries to switch enforcement off, reports what
# came of it, and leaves all as it was. A shell of the root volume reads it, as data.
cat >$state/attack <<-SCRIPT
	{
		echo 0 >$ipe/enforce && echo written
		cat $ipe/enforce
	} >$state/report 2>&1
	echo 1 >$ipe/enforce
	mv $state/report $state/result
SCRIPT
# attempt COMMAND...: has something run that script, and prints its report.
attempt() {
	rm -f $state/result
	"$@"
	soon cat $state/result
}
directly() { bash $state/attack; }
unit() { systemd-run --quiet "$@" bash $state/attack; }
# The program that gets a core dump is started by the kernel.
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
