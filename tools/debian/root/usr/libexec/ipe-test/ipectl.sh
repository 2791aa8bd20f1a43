# shellcheck shell=sh
# shellcheck disable=SC2154,SC2086 # variables of lib.sh
# SPDX-License-Identifier: GPL-2.0-only
#
# ipectl, from its package: it reads the records of auditd and of the journal, and files
# on the running system. Two programs are denied: one on an unsigned dm-verity volume, and
# one with fs-verity. ipectl suggests rules for them, signs and deploys them. Other
# programs are the control: they are still denied.

policy=$ipe/policies/Owner/policy
hash=$(cat $signed/volume.hash)

volume() { open_volume "$1" "$state/$1"; }
# files: mounts a file system, and enables fs-verity on two programs.
files() {
	mkdir -p $state/files
	cp $signed/files.img $state/ && mount -t ext4 -o loop $state/files.img $state/files &&
		fsverity enable $state/files/tool && fsverity enable $state/files/other
}
mounted() { volume volume && volume other && files; }
active() { ipectl status | grep -E "^Owner  *$1  *yes "; }

expect 'ipectl shows the active policy' active 1.3.0
expect 'volumes and files that no policy names can be mounted' mounted
expect 'a program on an unsigned volume does not start' ends 126 sh -c $state/volume/tool
expect 'nor one with fs-verity' ends 126 sh -c $state/files/tool
expect 'one denial is recorded' soon search 1420 "$(denied BPRM_CHECK volume/tool)"
expect 'and so is the other' soon search 1420 "$(denied BPRM_CHECK files/tool)"
explained() { journal _AUDIT_TYPE=1420 -g files/tool -n 1 | ends 1 ipectl explain $policy --audit -; }
expect 'ipectl explains the record in the journal' explained

# suggest LOG: rules for the denials in a log; programs on tmpfs stay undecided.
device=$(grep -lx volume /sys/block/dm-*/dm/name | cut -d / -f 4)
suggest() { ends 1 ipectl suggest "$1" --volume "$device=sha256:$hash" --root /; }
wanted="op=EXECUTE dmverity_roothash=sha256:$hash action=ALLOW
op=EXECUTE fsverity_digest=$(fsverity digest --compact $state/files/tool | sed 's/^/sha256:/') action=ALLOW"
of_auditd() { suggest /var/log/audit/audit.log | tee $state/suggested | grep ^op=; }
of_journal() { journal --output=json --all _AUDIT_TYPE=1420 | suggest - | grep ^op=; }
undecided() { grep -A 1 "^# $state/program on tmpfs" $state/suggested; }
expect 'ipectl suggests a rule for each from the log of auditd' is "$wanted" of_auditd
expect 'and the same from the journal' soon is "$wanted" of_journal
expect 'none for a program on tmpfs' undecided
# Anybody can write such a record into the journal, and root as if the kernel had sent it.
forge() {
	forged="ipe_op=KMODULE ipe_hook=KERNEL_READ enforcing=1 pid=9 comm=\"modprobe\""
	forged="$forged path=\"$state/files/other\" dev=\"loop0\" ino=1 rule=\"DEFAULT action=DENY\""
	systemd-cat --identifier=audit echo "IPE_ACCESS $forged" &&
		echo "audit: type=1420 audit(1700000000.123:9): $forged" >/dev/kmsg &&
		soon journal _TRANSPORT=stdout -g ipe_op=KMODULE &&
		soon journal _TRANSPORT=kernel -g ipe_op=KMODULE
}
of_whole_journal() { journal --output=json --all | suggest - | grep ^op=; }
expect 'anybody can forge a record in the journal' forge
expect 'ipectl suggests no rule for it' is "$wanted" of_whole_journal

# The key of the example: a product would not have its key here.
deploy() {
	sed 's/policy_version=.*/policy_version=1.4.0/' $policy >$state/Owner.pol &&
		grep ^op= $state/suggested >>$state/Owner.pol &&
		ipectl check --quiet $state/Owner.pol &&
		ipectl sign $state/Owner.pol --output $state/Owner.p7b \
			--key $signed/trusted.key --certificate $signed/trusted.crt &&
		ipectl deploy $state/Owner.p7b
}
expect 'they are added to the policy, which is signed and deployed' deploy
expect 'it is active' active 1.4.0
expect 'the program on the volume starts' $state/volume/tool
expect 'so does the one with fs-verity' $state/files/tool
expect 'the same program on another volume does not' ends 126 sh -c $state/other/tool
expect 'nor another one with fs-verity' ends 126 sh -c $state/files/other
expect 'nor a copy on tmpfs' ends 126 sh -c $state/program

# says STATUS FILE: the exit status of ipectl explain, 0 if the kernel would allow it.
says() { ends "$1" ipectl explain $policy --file "$2"; }
expect 'ipectl agrees about the volume' says 0 $state/volume/tool
expect 'about the file with fs-verity' says 0 $state/files/tool
expect 'about the root volume' says 0 /usr/bin/true
expect 'about the other volume' says 1 $state/other/tool
expect 'about the other file' says 1 $state/files/other
expect 'and about the copy on tmpfs' says 1 $state/program

closed() {
	umount $state/volume $state/other $state/files && veritysetup close volume && veritysetup close other
}
expect 'the volumes can be closed' closed
