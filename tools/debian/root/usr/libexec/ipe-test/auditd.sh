# shellcheck shell=sh
# shellcheck disable=SC2154,SC2086 # variables of lib.sh
# SPDX-License-Identifier: GPL-2.0-only
#
# auditd: denials, loads and activations in its log, and in the journal.

# serial TYPE PATTERN: the serial number of the last event with such a record.
serial() { search "$1" "$2" | sed -n 's/.*msg=audit([0-9.]*:\([0-9]*\)).*/\1/p' | tail -n 1; }
# event TYPE PATTERN: the records of that event, interpreted.
event() {
	event=$(serial "$1" "$2")
	[ -n "$event" ] && ausearch --input-logs --event "$event" --interpret | grep -E '^type=(SYSCALL|UNKNOWN)'
}
# values TYPE FIELD: the values in the records of $state/event.
values() { sed -n "s/^type=$1 .* $2=\([^ ]*\) .*/\1/p" $state/event | sort -u; }
ids() { sed -n "s/^type=$1 msg=audit(\(.*\)) : .*/\1/p" $state/event | sort -u; }
# with TYPE PATTERN SYSCALL: there is such a record and, under the same audit id, the
# record of its system call, which matches SYSCALL. A denial names the process that made
# the call.
with() {
	soon event "$1" "$2" | tee $state/event
	[ -n "$(ids SYSCALL)" ] && [ "$(ids SYSCALL)" = "$(ids "UNKNOWN.$1.")" ] || return
	if [ "$1" = 1420 ]; then
		[ "$(values SYSCALL pid)" = "$(values UNKNOWN.1420. pid)" ] &&
			values UNKNOWN.1420. comm | grep -qxF "$(values SYSCALL comm)" || return
	fi
	grep ^type=SYSCALL $state/event | grep -qE "$3"
}

service() {
	auditctl -s | grep -E '^(enabled|pid|lost|backlog) '
	[ "$(auditctl -s | sed -n 's/^pid //p')" = "$(systemctl show -P MainPID auditd)" ]
}
expect 'the kernel sends its records to auditd' service

# A program.
cp /usr/bin/true $state/program
expect 'a copy of a program on tmpfs does not start' ends 126 sh -c $state/program
expect 'its record (1420) and its SYSCALL record: EACCES' with 1420 "$(denied BPRM_CHECK program)" \
	'syscall=execve success=no exit=EACCES\(Permission denied\) .* comm=sh exe=/usr/bin/dash'

# A library, without which the linker continues.
cp /usr/lib/x86_64-linux-gnu/libcap-ng.so.0 $state/library.so
preload() { env LD_PRELOAD=$state/library.so true 2>&1 | grep 'failed to map segment'; }
expect 'the copy of a library is not loaded' preload
expect 'its record (1420) and its SYSCALL record: EACCES' with 1420 "$(denied MMAP library.so)" \
	'syscall=mmap success=no exit=EACCES\(Permission denied\) .* comm=true exe=/usr/bin/true'

# A unit of systemd.
cp /usr/bin/true $state/service
mkdir -p /run/systemd/system
printf '[Service]\nType=oneshot\nExecStart=%s\n' $state/service >/run/systemd/system/intruder.service
intruder() {
	systemctl start intruder
	journalctl --boot --no-pager --output=cat --unit=intruder | grep 'at step EXEC'
	is 203 systemctl show -P ExecMainStatus intruder
	systemctl reset-failed intruder
}
expect 'a unit with the copy of a program ends with 203/EXEC' intruder
expect 'its record (1420) and its SYSCALL record: EACCES' with 1420 "$(denied BPRM_CHECK service)" \
	'syscall=execve success=no exit=EACCES\(Permission denied\) .* exe=/usr/lib/systemd/systemd-executor'

# Policies.
expect "a stranger's policy is refused" ends 1 load Stranger
expect 'its record (1422) and its SYSCALL record: ENOKEY' with 1422 ' res=0 errno=-126' \
	'syscall=write success=no exit=ENOKEY\(Required key not available\) .* comm=cat exe=/usr/bin/cat'
expect "the owner's is loaded" ends 0 load Owner
expect 'its record (1422) and its SYSCALL record: success' with 1422 \
	'policy_name="Owner" policy_version=1\.3\.0 policy_digest=sha256:[0-9A-Fa-f]{64} .* lsm=ipe res=1 errno=0' \
	"syscall=write success=yes exit=$(stat -c %s $signed/Owner.p7b) .* comm=cat exe=/usr/bin/cat"
activate() { echo 1 >"$ipe/policies/$1/active"; }
expect 'and activated' ends 0 activate Owner
expect 'its record (1421) and its SYSCALL record: success' with 1421 \
	'old_active_pol_name="Longer" old_active_pol_version=1\.2\.0 .* new_active_pol_name="Owner" new_active_pol_version=1\.3\.0 ' \
	'syscall=write success=yes exit=2 .* exe=/usr/bin/dash'
expect 'auditd got the records of the initrd, where it did not run' soon search 1421 \
	'old_active_pol_name=[?] .* new_active_pol_name="Device"'

# Permissive mode.
permissive() { echo 0 >$ipe/enforce && $state/program && echo 1 >$ipe/enforce; }
expect 'in permissive mode the copy runs' permissive
allowed() { echo "ipe_hook=$1 enforcing=0 .* path=\"$state/program\" "; }
expect 'its records (1420) and their SYSCALL record: success' with 1420 "$(allowed BPRM_CHECK)" \
	'syscall=execve success=yes exit=0 .* exe=/run/ipe-test/program'
expect 'one of them for the mapping of its code' soon search 1420 "$(allowed MMAP)"
expect 'one record (1404) for each change of mode' soon count 2 MAC_STATUS \
	' enforcing=[01] old_enforcing=[01] auid=.* enabled=1 old-enabled=1 lsm=ipe res=1'
expect 'and no other' count 2 MAC_STATUS ''

# Tools that read the log. Those of this release have no names for the types.
types() { ausearch --input-logs --message 1420,1421,1422 --interpret | grep -o '^type=UNKNOWN[^ ]*' | sort -u; }
expect 'ausearch -m 1420,1421,1422 finds the three types' is 'type=UNKNOWN[1420]
type=UNKNOWN[1421]
type=UNKNOWN[1422]' types
serial=$(serial 1420 "$(denied BPRM_CHECK program)")
report() { aureport --input-logs "$@" 2>&1 | grep -E " $serial( |$)"; }
expect 'aureport has the denial as an event' report --event
expect 'aureport has the denial as a failed system call' report --syscall --failed --interpret
expect 'aureport has it with its program' report --executable --interpret
failures=$(ausearch --input-logs --message SYSCALL --raw | grep '^type=SYSCALL' | grep -c ' success=no ')
summary() { aureport --input-logs --summary --interpret 2>&1 | grep 'failed syscalls'; }
expect 'aureport counts all failed system calls' is "Number of failed syscalls: $failures" summary

journal() { journalctl --boot --no-pager --output=cat "$@"; }
expect 'journalctl -g IPE_ACCESS has the denial' \
	soon journal -g "IPE_ACCESS .*path=\"$state/program\" .*action=DENY"
expect 'under the same id as auditd' soon journal _AUDIT_TYPE=1420 _AUDIT_ID="$serial"
expect 'journalctl -g IPE_POLICY_LOAD has the load' soon journal -g 'IPE_POLICY_LOAD .*policy_name="Owner"'
expect 'journalctl -g IPE_CONFIG_CHANGE has the activation' \
	soon journal -g 'IPE_CONFIG_CHANGE .*new_active_pol_name="Owner"'
expect 'no record was lost' is 'lost 0' sh -c 'auditctl -s | grep "^lost "'
