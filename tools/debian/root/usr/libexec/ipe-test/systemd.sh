# shellcheck shell=sh
# shellcheck disable=SC2154,SC2086 # what lib.sh sets
# SPDX-License-Identifier: GPL-2.0-only
#
# systemd: what PID 1 does with the policies in /etc/ipe, in the initrd and then on
# the root volume.

has_ipe() { systemctl --version | grep -E '^systemd|[+]IPE'; }
expect 'systemd is built with IPE' has_ipe
expect 'the system has started and no unit has failed' is running systemctl is-system-running --wait
expect 'through an initrd of its own' said '^Switching root\.$'

# Heard before, or after, the PID 1 of the root volume started.
start=$(systemctl show -P UserspaceTimestampMonotonic)
before() { awk -v start="$start" 'substr($0, 2) * 1000000 < start' $state/heard | words | grep -E "$1"; }
after() { awk -v start="$start" 'substr($0, 2) * 1000000 >= start' $state/heard | words | grep -E "$1"; }
expect 'PID 1 of the initrd loads and activates Device' before "$(activates Device)"
expect 'PID 1 of the root volume meets the same Device: no error' after "$(activates Device)"
digest="sha256:$(sha256sum /etc/ipe/Device.p7b | cut -d' ' -f1 | tr a-f A-F)"
expect 'both are on record (1422), with the digest of the file' soon count 2 1422 \
	"policy_name=\"Device\" policy_version=1\.0\.0 policy_digest=$digest .* res=1 errno=0"
expect 'one activation is on record (1421): nothing has changed' \
	soon count 1 1421 'new_active_pol_name="Device"'

size() { [ "$(stat -c %s "$1")" -gt "$2" ] && stat -c '%n: %s bytes' "$1"; }
expect 'Long is more than three quarters of what a signed message can be' size /etc/ipe/Long.p7b 49152
expect 'PID 1 loads and activates Long' after "$(activates Long)"
expect 'Longer, with an appended signature, is several such messages' size /etc/ipe/Longer.p7b 262144
expect 'PID 1 loads and activates Longer' after "$(activates Longer)"
expect 'all of the text of Longer has arrived' is "$(sha256sum <$signed/Longer)" \
	sh -c "sha256sum <$ipe/policies/Longer/policy"

# Older than what is in force, and the last: PID 1 goes on.
expect 'PID 1 loads Older' soon count 1 1422 'policy_name="Older" policy_version=0\.9\.0 .* res=1'
expect 'PID 1 cannot activate Older, and goes on' after "$(skips Older)"
too_old() { bash -c "echo 1 >$ipe/policies/Older/active" 2>&1 | grep 'Stale file handle'; }
expect 'the kernel answers with ESTALE' too_old
expect 'PID 1 speaks of no failure' none said '(Failed|Invalid).* IPE|IPE.*(failed|Failed)'
expect 'Longer is in force, the others are loaded' is 'Device 1.0.0 0
Long 1.1.0 0
Longer 1.2.0 1
Older 0.9.0 0' policies
expect 'and enforced' is 1 cat $ipe/enforce
