# shellcheck shell=sh
# shellcheck disable=SC2154,SC2086 # what lib.sh sets
# SPDX-License-Identifier: GPL-2.0-only
#
# ipectl, from its package: what it makes of the records of auditd and the journal,
# and of files on the running system. Two programs are denied: one on a volume of
# dm-verity that nobody signed, one with fs-verity. Rules for them are suggested,
# signed and deployed. Programs beside them are the control: still denied.

export DM_DISABLE_UDEV=1
policy=$ipe/policies/Owner/policy
hash=$(cat $signed/volume.hash)

# volume NAME: opens and mounts a volume of dm-verity.
volume() {
	mkdir -p "$state/$1"
	veritysetup open "$signed/$1.img" "$1" "$signed/$1.img" "$(cat "$signed/$1.hash")" \
		--hash-offset="$(cat "$signed/$1.offset")" &&
		mount -t erofs -o ro "/dev/mapper/$1" "$state/$1"
}
# files: a file system with two programs that get fs-verity.
files() {
	mkdir -p $state/files
	cp $signed/files.img $state/ && mount -t ext4 -o loop $state/files.img $state/files &&
		fsverity enable $state/files/tool && fsverity enable $state/files/other
}
mounted() { volume volume && volume other && files; }
in_force() { ipectl status | grep -E "^Owner  *$1  *yes "; }

expect 'ipectl shows the policy in force' in_force 1.3.0
expect 'volumes and files are there that no policy names' mounted
expect 'a program of a volume that nobody signed does not start' ends 126 sh -c $state/volume/tool
expect 'nor one with fs-verity' ends 126 sh -c $state/files/tool
expect 'the one is on record' soon search 1420 "$(denied BPRM_CHECK volume/tool)"
expect 'and the other' soon search 1420 "$(denied BPRM_CHECK files/tool)"
explained() { journal _AUDIT_TYPE=1420 -g files/tool -n 1 | ends 1 ipectl explain $policy --audit -; }
expect 'ipectl explains that of the journal' explained

# suggest LOG: rules for what is in a log; what is on tmpfs stays undecided.
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
# What anybody can write into the journal, and root as if it were the kernel's.
forge() {
	forged="ipe_op=KMODULE ipe_hook=KERNEL_READ enforcing=1 pid=9 comm=\"modprobe\""
	forged="$forged path=\"$state/files/other\" dev=\"loop0\" ino=1 rule=\"DEFAULT action=DENY\""
	systemd-cat --identifier=audit echo "IPE_ACCESS $forged" &&
		echo "audit: type=1420 audit(1700000000.123:9): $forged" >/dev/kmsg &&
		soon journal _TRANSPORT=stdout -g ipe_op=KMODULE &&
		soon journal _TRANSPORT=kernel -g ipe_op=KMODULE
}
of_whole_journal() { journal --output=json --all | suggest - | grep ^op=; }
expect 'anybody can write into the journal what looks like a record' forge
expect 'from which no rule comes' is "$wanted" of_whole_journal

# The example's key: a product's would not be here.
deploy() {
	sed 's/policy_version=.*/policy_version=1.4.0/' $policy >$state/Owner.pol &&
		grep ^op= $state/suggested >>$state/Owner.pol &&
		ipectl check --quiet $state/Owner.pol &&
		ipectl sign $state/Owner.pol --output $state/Owner.p7b \
			--key $signed/trusted.key --certificate $signed/trusted.crt &&
		ipectl deploy $state/Owner.p7b
}
expect 'they are added to the policy, which is signed and deployed' deploy
expect 'it is in force' in_force 1.4.0
expect 'the program of the volume starts' $state/volume/tool
expect 'so does the one with fs-verity' $state/files/tool
expect 'the same program of another volume does not' ends 126 sh -c $state/other/tool
expect 'nor another one with fs-verity' ends 126 sh -c $state/files/other
expect 'nor a copy on tmpfs' ends 126 sh -c $state/program

# says STATUS FILE: how ipectl explain ends, 0 where the kernel would allow it.
says() { ends "$1" ipectl explain $policy --file "$2"; }
expect 'ipectl says so of the volume' says 0 $state/volume/tool
expect 'of the file with fs-verity' says 0 $state/files/tool
expect 'of the root volume' says 0 /usr/bin/true
expect 'of the other volume' says 1 $state/other/tool
expect 'of the other file' says 1 $state/files/other
expect 'and of the copy on tmpfs' says 1 $state/program

closed() {
	umount $state/volume $state/other $state/files && veritysetup close volume && veritysetup close other
}
expect 'all is closed again' closed
