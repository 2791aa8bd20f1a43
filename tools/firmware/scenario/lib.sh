# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Both parts use this: makes an attempt, compares its outcome with the expected one, and
# shows the audit records that belong to it.

here=/usr/libexec/scenario
PATH=$here:$PATH
# shellcheck disable=SC2034 # for the scripts that include this
linker=$(cat $here/linker)
name=scenario$$
newline='
'

# The second part continues the numbers of the first.
tried=0
right=0
[ ! -r /run/counted ] || read -r tried right </run/counted
keep() { echo "$tried $right" >/run/counted; }

# denied HOOK PATH: the pattern of a denial's record.
denied() {
	echo "1420 *ipe_hook=$1 enforcing=1 *path=$2 *rule=\"DEFAULT action=DENY\""
}

# denied_memory HOOK DEVICE: likewise of memory, which has no file, for a program on that
# device.
denied_memory() {
	echo "1420 ipe_op=EXECUTE ipe_hook=$1 enforcing=1 *path=[?] * rule=\"DEFAULT action=DENY\" exe_dev=\"$2\" *"
}

# denied_trace HOOK: the pattern of the record of a program that gets at the memory of a process.
denied_trace() {
	echo "1420 ipe_op=PTRACE ipe_hook=$1 enforcing=1 *rule=\"DEFAULT op=PTRACE action=DENY\" exe_dev=*"
}

# asked_about_scripts: whether programs can ask about scripts. The policies name the operation
# if the kernel has it.
asked_about_scripts() { grep -qs UNCHECKED_SCRIPT /sys/kernel/security/ipe/policies/*/policy; }

chapter() {
	printf '\n%-56s %-12s %s\n' "$1" expected happened
}

# try TEXT OUTCOME RECORD COMMAND...: the outcome is the last line that the command
# prints. RECORD is a pattern that one of the audit records must match, or `none`.
try() {
	text=$1 outcome=$2 record=$3
	shift 3
	tried=$((tried + 1))

	output=$("$@" 2>/dev/null)
	status=$?
	[ -n "$output" ] || output="status $status"
	happened=${output##*"$newline"}
	verdict=ok
	[ "$happened" = "$outcome" ] || verdict='NOT AS EXPECTED'

	if ! records $name $tried >/tmp/records; then
		verdict='NOT AS EXPECTED: the audit trail is cut'
	fi
	shown=''
	others=0
	while read -r line; do
		# shellcheck disable=SC2254 # a pattern is what it is
		case $line in
		$record) shown="$shown     audit: $line$newline" ;;
		*) others=$((others + 1)) ;;
		esac
	done </tmp/records
	case $record in
	none) [ $others = 0 ] || verdict='NOT AS EXPECTED: there are audit records' ;;
	*) [ -n "$shown" ] || verdict='NOT AS EXPECTED: no such audit record' ;;
	esac

	printf '%3d  %-51s %-12s %-12s %s\n' $tried "$text" "$outcome" "$happened" "$verdict"
	printf '%s' "$shown"
	if [ "$verdict" = ok ]; then
		right=$((right + 1))
	else
		[ "$record" = none ] || echo "     wanted: $record"
		sed 's/^/     found: /' /tmp/records
	fi
}

summary() {
	printf '\nscenario: %d as expected, %d not\n' "$right" $((tried - right))
	[ "$right" = "$tried" ]
}

dmesg -n 1 # the console is for the table
records $name "$tried" >/dev/null
