# shellcheck shell=sh
# shellcheck disable=SC2154,SC2086 # variables of lib.sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian under a policy that denies UNCHECKED_SCRIPT to every program: all of them, from PID 1
# on, have the securebit that tells them to ask about scripts.

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
