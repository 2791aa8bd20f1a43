# shellcheck shell=sh
# shellcheck disable=SC2154,SC2086 # variables of lib.sh
# SPDX-License-Identifier: GPL-2.0-only
#
# systemd without CAP_MAC_ADMIN: a third start of userspace, with
# CapabilityBoundingSet=~CAP_MAC_ADMIN for PID 1, and with a newer policy.

expect 'userspace has started once more' is 2 systemctl show -P SoftRebootsCount
expect 'and no unit has failed' is running systemctl is-system-running --wait
expect 'PID 1 loads and activates Confined before it loses the capability' heard 1 "$(activates Confined)"
expect 'which is active' is 1 cat $ipe/policies/Confined/active

# Bit 33 of 64, bit 1 of the upper 32.
lost() { grep -E '^Cap(Prm|Eff|Bnd):.[0-9a-f]{7}[014589cd]' "$1" | grep -c .; }
expect 'PID 1 has lost the capability' is 3 lost /proc/1/status
expect 'so have the programs that the kernel starts' is '4294967295	509' cat /proc/sys/kernel/usermodehelper/bset
expect 'in both sets' is '4294967295	509' cat /proc/sys/kernel/usermodehelper/inheritable

expect 'root cannot switch enforcement off' fails directly
expect 'nor can a unit that root starts' fails unit
expect 'nor one with all capabilities' fails unit -p CapabilityBoundingSet=~
expect 'nor can a handler of core dumps' fails core_dump
expect 'nor can root load a policy of the owner' ends 1 load Owner
expect 'PID 1 executes itself again' systemctl daemon-reexec
expect 'and does not regain the capability' is 3 lost /proc/1/status

# The loss cannot come from systemd-sysctl alone: it takes another capability now.
taken() {
	echo 'kernel.usermodehelper.bset = 4294967295 253' >$state/sets.conf &&
		/usr/lib/systemd/systemd-sysctl $state/sets.conf &&
		is '4294967295	253' cat /proc/sys/kernel/usermodehelper/bset
}
expect 'systemd-sysctl takes a capability from both sets' taken
given() {
	echo '4294967295 511' >/proc/sys/kernel/usermodehelper/bset
	is '4294967295	253' cat /proc/sys/kernel/usermodehelper/bset
}
expect 'and root cannot give it back' given
expect 'the mode is still enforcing' is 1 cat $ipe/enforce
