# shellcheck shell=sh
# shellcheck disable=SC2154,SC2086 # variables of lib.sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian under a policy that denies UNCHECKED_SCRIPT and PTRACE to every program: all of
# them, from PID 1 on, have the securebit that tells them to ask about scripts.

# 0x100 is SECBIT_EXEC_RESTRICT_FILE, which setpriv does not know; 0x200 would lock it.
of() { sed -n "s/^$1: //p" | grep .; }
of_program() { setpriv --dump | of "$1"; }
# of_unit FIELD [OPTION...]: the same for a unit.
of_unit() {
	field=$1
	shift
	rm -f $state/dump
	systemd-run --quiet -p StandardOutput="truncate:$state/dump" "$@" setpriv --dump
	soon grep "^$field: " $state/dump | of "$field"
}
expect 'a program has the securebit, not locked' is 0x100 of_program Securebits
expect 'so has a unit' is 0x100 of_unit Securebits
# To start a unit, systemd first sets the securebits of the unit, without this one. If it were
# locked, no unit would start.
expect 'and a unit of another user' is 0x100 of_unit Securebits -p User=daemon
expect 'systemd sets other securebits beside it' is no_setuid_fixup,0x100 \
	of_unit Securebits -p SecureBits=no-setuid-fixup
expect 'and locks them' is no_setuid_fixup,no_setuid_fixup_locked,0x100 \
	of_unit Securebits -p SecureBits='no-setuid-fixup no-setuid-fixup-locked'
# systemd keeps capabilities for another user by a securebit.
expect 'another user gets the capabilities of the unit' is net_admin \
	of_unit 'Ambient capabilities' -p User=daemon -p AmbientCapabilities=CAP_NET_ADMIN
unknown() { setpriv --securebits=+noroot true 2>&1 | grep 'unrecognized securebit set'; }
expect 'setpriv of this release does not know the bit, and sets none' unknown

# Interpreters of this release do not ask. This is a limit, not a promise: a test that fails
# here is good news, for the guide, too.
printf '#!/bin/sh\necho runs\n' >$state/script
echo 'print "runs";' >$state/script.pl
echo 'print("runs")' >$state/script.py
echo 'BEGIN { print "runs" }' >$state/script.awk
chmod +x $state/script
expect 'a script on tmpfs does not start' ends 126 sh -c $state/script
expect 'its record (1420)' soon search 1420 "$(denied BPRM_CHECK script)"
expect 'dash reads it without asking' is runs dash $state/script
expect 'bash too' is runs bash $state/script
expect 'mawk too' is runs mawk -f $state/script.awk
expect 'perl too' is runs perl $state/script.pl
expect 'python3 too' is runs python3 $state/script.py

traced() { echo "ipe_op=PTRACE ipe_hook=$1 enforcing=1 .* comm=\"$2\" .* rule=\"DEFAULT op=PTRACE action=DENY\" exe_dev=\"dm-0\" "; }
refused() { "$@" 2>&1 | grep 'Permission denied'; }
expect 'strace cannot trace a program' refused strace true
expect 'its record (1420)' soon search 1420 "$(traced PTRACE_ACCESS_CHECK strace)"
expect 'a program cannot open its own memory' refused head -c 1 /proc/self/mem
expect 'its record (1420)' soon search 1420 "$(traced PROC_MEM head)"
others() { search 1420 ipe_op=PTRACE | grep -v -e ' comm="strace" ' -e ' comm="head" '; }
expect 'nothing else of the system has tried' none others
expect 'and no unit has failed' is running systemctl is-system-running --wait
