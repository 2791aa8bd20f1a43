# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
#
# TAP for suites that are scripts: on the host, in the build root and in guests, some
# of which have no other shell than busybox. What the selftests print comes from the
# kernel's own helpers, which cannot show what a command said, nor run one whose
# arguments have blanks.
#
# In the environment of a suite: TAP_SHOW=always shows what every command printed, not
# only those that failed; TAP_STATE=FILE counts on where the last shell has ended.

tap_number=0 tap_failed=0
[ ! -s "${TAP_STATE:-}" ] || read -r tap_number tap_failed <"$TAP_STATE"

# plan NUMBER: so many cases follow.
plan() { printf 'TAP version 13\n1..%s\n' "$1"; }

# plan_of FILE...: as many as the files have lines that begin with `expect`.
plan_of() { plan "$(cat "$@" | grep -c '^expect ')"; }

# expect TEXT COMMAND...: a case, which passes if the command succeeds. The command runs
# in a shell of its own, and with nothing to read.
expect() {
	tap_text=$1 tap_verdict=ok
	shift
	tap_number=$((tap_number + 1))
	tap_printed=$("$@" 2>&1 </dev/null) || {
		tap_verdict='not ok'
		tap_failed=$((tap_failed + 1))
	}
	echo "$tap_verdict $tap_number $tap_text"
	if [ -n "$tap_printed" ] && [ "$tap_verdict:${TAP_SHOW:-}" != ok: ]; then
		printf '%s\n' "$tap_printed" | sed 's/^/#   /'
	fi
	[ -z "${TAP_STATE:-}" ] || echo "$tap_number $tap_failed" >"$TAP_STATE"
}

# plan_was: the plan of those that did not know it before.
plan_was() { echo "1..$tap_number"; }

# all_passed: the verdict on the suite.
all_passed() { [ "$tap_failed" -eq 0 ]; }
