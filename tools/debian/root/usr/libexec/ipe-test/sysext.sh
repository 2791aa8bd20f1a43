# shellcheck shell=sh
# shellcheck disable=SC2154,SC2086 # variables of lib.sh
# SPDX-License-Identifier: GPL-2.0-only
#
# systemd-sysext: two extensions, each a dm-verity volume, are merged over /usr. The owner
# has signed the root hash of one. All of /usr is on an overlay then, and the layer decides.

extensions() {
	open_volume extended /run/extensions/extended --root-hash-signature=$signed/extended.hash.p7s &&
		open_volume stray /run/extensions/stray
}
merged() {
	extensions && systemd-sysext merge --no-reload && is overlay findmnt -n -o FSTYPE /usr
}
stray="ipe_hook=BPRM_CHECK enforcing=1 .* path=\"/usr/bin/stray\" dev=\"overlay\" .* rule=\"DEFAULT action=DENY\""

expect 'extensions of the system, a signed and an unsigned one, are merged over /usr' merged
expect 'the program of the signed one starts' /usr/bin/extended
expect 'that of the other one does not' ends 126 sh -c /usr/bin/stray
expect 'the programs of the root volume still start' /usr/bin/true
expect 'the denial is recorded' soon search 1420 "$stray"
expect 'ipectl sees that the layer of the first is signed' says 0 /usr/bin/extended
expect 'that the layer of the other is not' says 1 /usr/bin/stray
expect 'and that the root volume is' says 0 /usr/bin/true
of_stray() { search 1420 "$stray" | ipectl suggest - --root / | grep ^op=; }
expect 'it suggests the root hash of the layer' \
	is "op=EXECUTE dmverity_roothash=sha256:$(cat $signed/stray.hash) action=ALLOW" of_stray

unmerged() {
	systemd-sysext unmerge --no-reload && umount /run/extensions/extended /run/extensions/stray &&
		veritysetup close --deferred extended && veritysetup close --deferred stray
}
expect 'the extensions can be removed' unmerged
