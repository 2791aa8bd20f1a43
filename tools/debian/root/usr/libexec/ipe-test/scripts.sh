# shellcheck shell=sh
# shellcheck disable=SC2154,SC2086 # variables of lib.sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian's interpreters, and a policy that denies PTRACE to every program.

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
