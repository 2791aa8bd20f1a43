# shellcheck shell=sh
# shellcheck disable=SC2154,SC2086 # variables of lib.sh
# SPDX-License-Identifier: GPL-2.0-only
#
# systemd with ipe.seal=1: PID 1 of the initrd activates the policy, which seals IPE, and PID 1 of
# the root volume loads the same policy once more.

expect 'the system has started and no unit has failed' is running systemctl is-system-running --wait
expect 'an initrd has started it' said '^Switching root\.$'
expect 'PID 1 loads and activates Device in the initrd, and again on the root volume' \
	heard 2 "$(activates Device)"
expect 'PID 1 reports no failure' none said '(Failed|Invalid).* IPE|IPE.*(failed|Failed)'
expect 'both loads are recorded (1422)' soon count 2 1422 'policy_name="Device" .* res=1 errno=0'
expect 'one activation is recorded (1421)' soon count 1 1421 'new_active_pol_name="Device"'
expect 'the first activation has sealed IPE (1404)' \
	soon count 1 MAC_STATUS 'enforcing=1 old_enforcing=1 .* lsm=ipe res=1 sealed=1'
expect 'IPE is sealed' is 1 cat $ipe/seal
expect 'Device is active' is 'Device 1.0.0 1' policies
newer_is_refused() {
	load Owner && bash -c "echo 1 >$ipe/policies/Owner/active" 2>&1 | grep 'Operation not permitted'
}
expect 'root loads a newer policy, and cannot activate it' newer_is_refused
expect 'nor can a unit that root starts switch enforcement off' fails unit
expect 'nor a handler of core dumps' fails core_dump
expect 'Device is still active' is 'Device 1.0.0 1
Owner 1.3.0 0' policies
