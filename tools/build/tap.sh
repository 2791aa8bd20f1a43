# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
#
# TAP for suites that are scripts: on the host, in the build root and in guests, some of
# which have only the shell of busybox. The selftests use the kernel's own helpers, which
# cannot show the output of a command, or run one whose arguments contain spaces.
#
# In the environment of a suite: TAP_SHOW=always shows the output of every command, not
# only of those that failed; TAP_STATE=FILE continues the numbers of the last shell.

tap_number=0 tap_failed=0
[ ! -s "${TAP_STATE:-}" ] || read -r tap_number tap_failed <"$TAP_STATE"

# plan NUMBER: this many cases follow.
plan() { printf 'TAP version 13\n1..%s\n' "$1"; }

# plan_of FILE...: one case for each line of the files that begins with `expect`.
plan_of() { plan "$(cat "$@" | grep -c '^expect ')"; }

# expect TEXT COMMAND...: a case, which passes if the command succeeds. The command runs in
# a subshell, with an empty standard input.
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

# plan_was: prints the plan after the last case.
plan_was() { echo "1..$tap_number"; }

# all_passed: whether the suite passed.
all_passed() { [ "$tap_failed" -eq 0 ]; }
