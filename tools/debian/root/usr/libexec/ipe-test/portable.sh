# shellcheck shell=sh
# shellcheck disable=SC2154,SC2086 # variables of lib.sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Portable services: portablectl attaches two images, each a dm-verity volume. PID 1 opens them
# by the files beside them, which for one is also the owner's signature of its root hash.

beside() {
	mkdir -p /run/portables && cp $signed/portable.* $signed/foreign.* /run/portables/ &&
		systemctl start dbus.socket
}
attach() { portablectl attach --quiet --runtime --profile=trusted --copy=symlink "$1"; }
foreign="ipe_hook=BPRM_CHECK enforcing=1 .* path=\"/usr/bin/foreign\" dev=\"dm-[0-9]*\" .* rule=\"DEFAULT action=DENY\""

expect 'images of portable services lie where portablectl looks for them' beside
expect 'one with a signed root hash is attached' attach portable
expect 'and so is one with a root hash alone' attach foreign
expect 'the service of the signed one starts' systemctl start portable.service
expect 'that of the other one does not' ends 1 systemctl start foreign.service
expect 'PID 1 says so' is 203 systemctl show -P ExecMainStatus foreign.service
expect 'the denial is recorded' soon search 1420 "$foreign"
# A unit that has failed counts until it is forgotten.
detach() {
	systemctl reset-failed foreign.service && portablectl detach --quiet --runtime foreign &&
		none test -e /run/systemd/system.attached/foreign.service
}
expect 'the image can be detached' detach
