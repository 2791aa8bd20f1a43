# shellcheck shell=sh
# shellcheck disable=SC2154,SC2086 # what lib.sh sets
# SPDX-License-Identifier: GPL-2.0-only
#
# systemd without CAP_MAC_ADMIN: a third start of userspace, with
# CapabilityBoundingSet=~CAP_MAC_ADMIN for PID 1, and with a newer policy.

fact 'userspace has started once more' is 2 systemctl show -P SoftRebootsCount
fact 'and no unit has failed' is running systemctl is-system-running --wait
fact 'PID 1 loads and activates Confined before it loses the capability' heard 1 "$(activates Confined)"
fact 'which is active' is 1 cat $ipe/policies/Confined/active

# Bit 33 of 64, bit 1 of the upper 32.
lost() { grep -E '^Cap(Prm|Eff|Bnd):.[0-9a-f]{7}[014589cd]' "$1" | grep -c .; }
fact 'PID 1 has lost the capability' is 3 lost /proc/1/status
fact 'the programs that the kernel starts, too' is '4294967295	509' cat /proc/sys/kernel/usermodehelper/bset
fact 'in both sets' is '4294967295	509' cat /proc/sys/kernel/usermodehelper/inheritable

fact 'root cannot switch enforcement off' fails directly
fact 'nor can a unit of theirs' fails unit
fact 'nor one with all capabilities' fails unit -p CapabilityBoundingSet=~
fact 'nor a program of theirs that gets core dumps' fails core_dump
fact 'nor the owner load a policy' ends 1 load Owner
fact 'PID 1 executes itself again' systemctl daemon-reexec
fact 'and has not got the capability back' is 3 lost /proc/1/status

# No more than systemd-sysctl could have taken; it takes another one now.
taken() {
	echo 'kernel.usermodehelper.bset = 4294967295 253' >$state/sets.conf &&
		/usr/lib/systemd/systemd-sysctl $state/sets.conf &&
		is '4294967295	253' cat /proc/sys/kernel/usermodehelper/bset
}
fact 'systemd-sysctl takes a capability from them' taken
given() {
	echo '4294967295 511' >/proc/sys/kernel/usermodehelper/bset
	is '4294967295	253' cat /proc/sys/kernel/usermodehelper/bset
}
fact 'and nobody gives it back' given
fact 'enforcement is on' is 1 cat $ipe/enforce
