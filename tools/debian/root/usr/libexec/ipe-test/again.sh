# shellcheck shell=sh
# shellcheck disable=SC2154,SC2086 # variables of lib.sh
# SPDX-License-Identifier: GPL-2.0-only
#
# systemd once more, after a soft reboot: a new PID 1 and new services, on a kernel whose
# active policy is newer than those in /etc/ipe.

expect 'userspace has started again' is 1 systemctl show -P SoftRebootsCount
expect 'and no unit has failed' is running systemctl is-system-running --wait
expect 'PID 1 does not replace the newer policy by Device' heard 1 "$(skips Device)"
expect 'nor by Long' heard 1 "$(skips Long)"
expect 'nor by Longer' heard 1 "$(skips Longer)"
expect 'nor by Older, once more' heard 2 "$(skips Older)"
expect 'it has activated no policy since switch-root' heard 4 "$(activates '.*')"
expect 'PID 1 reports no failure' none said '(Failed|Invalid).* IPE|IPE.*(failed|Failed)'
expect 'nothing has changed' is 'Device 1.0.0 0
Long 1.1.0 0
Longer 1.2.0 0
Older 0.9.0 0
Owner 1.4.0 1' policies
expect 'the policies in /etc/ipe are accepted as before' soon count 4 1422 ' res=1 errno=0'
expect 'no policy is refused' count 0 1422 ' res=0 '
expect 'no policy is activated' count 0 1421 ''
expect 'a copy of a program on tmpfs does not start' ends 126 sh -c $state/program
expect 'denials still reach auditd' soon search 1420 "$(denied BPRM_CHECK program)"

# It is not enough to take CAP_MAC_ADMIN from services, because these two have it.
unconfined() { setpriv --bounding-set=-mac_admin bash $state/attack; }
expect 'root without CAP_MAC_ADMIN cannot switch enforcement off' fails unconfined
expect 'but a unit that root starts can' succeeds unit
expect 'and so can a handler of core dumps' succeeds core_dump
