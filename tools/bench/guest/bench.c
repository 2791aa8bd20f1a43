// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE benchmark - the cost of IPE, in instructions
 *
 * Runs in a guest under -icount. Started from the initramfs, it continues in a
 * copy of itself that fs-verity protects, as some policies name its digest. It
 * checks every answer of the kernel: a wrong one ends the benchmark.
 */
#include <stdarg.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "calls.h"
#include "clock.h"
#include "policies.h"

#define CONSOLE_LEVEL 8		/* of syslog(2) */

void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("bench: failed: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(1);
}

void must(int result, const char *what)
{
	if (result < 0)
		fail("%s: %s", what, strerror(-result));
}

static int compare(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

struct cost cost_of(uint64_t samples[], int count)
{
	const uint64_t overhead = clock_overhead();

	qsort(samples, count, sizeof(*samples), compare);
	return (struct cost) {
		.least = samples[0] - overhead,
		.middle = samples[count / 2] - overhead,
	};
}

static void measure(const struct policy *policy, const struct call *call,
		    const struct subject *subject, bool allowed)
{
	struct cost cost = call_cost(call, subject, allowed);

	printf("bench: cost call=%s subject=%s family=%s rules=%lu verdict=%s least=%llu middle=%llu\n",
	       call->name, subject->name, policy->family, policy->rules,
	       allowed ? "allow" : "deny", (unsigned long long)cost.least,
	       (unsigned long long)cost.middle);
}

static bool is_family(const struct policy *policy, const char *family)
{
	return !strcmp(policy->family, family);
}

/* The calls that a family's policies affect. */
static bool is_worth(const struct policy *policy, const struct call *call,
		     enum place place)
{
	const bool reads = !strcmp(call->name, "kernel-read");

	if (place == ANONYMOUS && call->subjects != ALL)
		return false;
	if (!strcmp(call->name, "check") && !can_check_execve())
		return false;
	if (place != INITRAMFS && call->subjects == INITRAMFS_ALONE)
		return false;
	/* One rule is the last one. */
	if (place == FSVERITY_FIRST && policy->rules == 1)
		return false;
	if (!policy->name[0])
		return true;
	/* Its rules are about the program that asks. */
	if (is_family(policy, "program"))
		return place == ANONYMOUS;
	return reads == is_family(policy, "module");
}

/* The meaning of a family's policies. */
static bool is_allowed(const struct policy *policy, const struct call *call,
		       enum place place)
{
	if (!policy->name[0] || is_family(policy, "allow") ||
	    is_family(policy, "program") || !call->decided)
		return true;
	if (is_family(policy, "deny"))
		return place != FSVERITY_FIRST && place != FSVERITY_LAST;
	switch (place) {
	case INITRAMFS:
		return true;
	case DMVERITY:
		return is_family(policy, "roothash");
	case FSVERITY_FIRST:
	case FSVERITY_LAST:
		return !is_family(policy, "roothash");
	default:
		return false;
	}
}

static void measure_calls(const struct policy *policy)
{
	enum place place;
	size_t i;

	for (i = 0; i < calls_count; i++) {
		for (place = 0; place < PLACES; place++) {
			if (is_worth(policy, &calls[i], place))
				measure(policy, &calls[i], &subjects[place],
					is_allowed(policy, &calls[i], place));
		}
	}
}

static void measure_policy(const struct policy *policy)
{
	if (is_family(policy, "base") || is_family(policy, "half") ||
	    is_family(policy, "memory"))
		return;
	if (policy_enforce(policy))
		return;
	measure_calls(policy);
}

/* Brings the memory of this process into the state of a process that has loaded policies. */
static void warm_up(const struct policy *policy)
{
	struct blob message;

	policy_read(policy, &message);
	blob_free(&message);
}

static void enforce_base(const struct policy *policy)
{
	must(policy_enforce(policy), "the first policy");
}

int main(int argc, char *argv[])
{
	/* Without an active policy: before any is loaded, after all are removed. */
	static const struct policy none = { .family = "none" };
	static const struct policy idle = { .family = "idle" };
	const bool is_protected = argc > 1;
	const uint64_t begin = is_protected ? strtoull(argv[1], NULL, 10) : now();

	/* Printing to the console would cost, too. */
	setvbuf(stdout, NULL, _IOFBF, MIB);
	klogctl(CONSOLE_LEVEL, NULL, 1);
	mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL);

	clock_check();
	if (!is_protected)
		become_protected(begin);
	/* All of it is in memory and mapped from now on, whatever ran before. */
	must(mlockall(MCL_CURRENT) || munlockall() ? -errno : 0, "memory");
	printf("bench: boot ticks=%llu\n", (unsigned long long)begin);
	subjects_open();
	policies_each(NULL, warm_up);

	measure_calls(&none);
	if (!access(IPE_ROOT, F_OK)) {
		loading_costs();
		loading_memory();
		measure_calls(&idle);
		policies_each("base", enforce_base);
		activation_costs();
		policies_each(NULL, measure_policy);
	}
	puts("bench: end");
	return 0;
}
