# shellcheck shell=sh
# shellcheck disable=SC2154,SC2086 # variables of lib.sh
# SPDX-License-Identifier: GPL-2.0-only
#
# systemd: PID 1 loads and activates the policies in /etc/ipe, in the initrd and then on
# the root volume.

has_ipe() { systemctl --version | grep -E '^systemd|[+]IPE'; }
expect 'systemd is built with IPE' has_ipe
expect 'the system has started and no unit has failed' is running systemctl is-system-running --wait
expect 'an initrd has started it' said '^Switching root\.$'

# Messages from before, or after, the start of PID 1 on the root volume.
start=$(systemctl show -P UserspaceTimestampMonotonic)
before() { awk -v start="$start" 'substr($0, 2) * 1000000 < start' $state/heard | words | grep -E "$1"; }
after() { awk -v start="$start" 'substr($0, 2) * 1000000 >= start' $state/heard | words | grep -E "$1"; }
expect 'PID 1 of the initrd loads and activates Device' before "$(activates Device)"
expect 'PID 1 of the root volume finds the same Device: no error' after "$(activates Device)"
digest="sha256:$(sha256sum /etc/ipe/Device.p7b | cut -d' ' -f1 | tr a-f A-F)"
expect 'both loads are recorded (1422), with the digest of the file' soon count 2 1422 \
	"policy_name=\"Device\" policy_version=1\.0\.0 policy_digest=$digest .* res=1 errno=0"
expect 'one activation is recorded (1421), because the second changes nothing' \
	soon count 1 1421 'new_active_pol_name="Device"'

size() { [ "$(stat -c %s "$1")" -gt "$2" ] && stat -c '%n: %s bytes' "$1"; }
expect 'Long has more than three quarters of the longest signed message' size /etc/ipe/Long.p7b 49152
expect 'PID 1 loads and activates Long' after "$(activates Long)"
expect 'Longer, with an appended signature, is several times as long' size /etc/ipe/Longer.p7b 262144
expect 'PID 1 loads and activates Longer' after "$(activates Longer)"
expect 'all of the text of Longer has arrived' is "$(sha256sum <$signed/Longer)" \
	sh -c "sha256sum <$ipe/policies/Longer/policy"

# Older is below the active version, and comes last: PID 1 continues.
expect 'PID 1 loads Older' soon count 1 1422 'policy_name="Older" policy_version=0\.9\.0 .* res=1'
expect 'PID 1 cannot activate Older, and continues' after "$(skips Older)"
too_old() { bash -c "echo 1 >$ipe/policies/Older/active" 2>&1 | grep 'Stale file handle'; }
expect 'the kernel returns ESTALE' too_old
expect 'PID 1 reports no failure' none said '(Failed|Invalid).* IPE|IPE.*(failed|Failed)'
expect 'Longer is active, the others are loaded' is 'Device 1.0.0 0
Long 1.1.0 0
Longer 1.2.0 1
Older 0.9.0 0' policies
expect 'and in enforcing mode' is 1 cat $ipe/enforce
