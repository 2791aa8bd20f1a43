/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - memory runs out
 *
 * Each operation on IPE is repeated, and each time another allocation of the
 * kernel fails: the first, the second, until none is left to fail; then all of
 * them, each time from a later one on. Whatever fails, the call must have done
 * its whole work, or nothing. IPE_TEST_FAULT is the number of the first
 * allocation to fail, to repeat only a part; with IPE_TEST_FAULT_STEP only every so
 * many fail, as a kernel with checkers would need hours for all.
 */
#ifndef IPE_SELFTEST_FAULT_FIXTURE_H
#define IPE_SELFTEST_FAULT_FIXTURE_H

#include <sys/mman.h>

#include "access.h"
#include "fault.h"
#include "harness.h"
#include "stage.h"

/* In emulation, with the kernel's checkers, a case may take long. */
#define LIMIT 3600
/* More allocations than any of the calls makes. */
#define MOST 20000
/* The step by which memory grows before all allocations fail. */
#define STEP 256

/* Active during the faults: rules for every kind of place. */
#define RULES                                                               \
	"DEFAULT action=ALLOW\n"                                            \
	"DEFAULT op=EXECUTE action=DENY\n"                                  \
	"op=EXECUTE boot_verified=TRUE action=ALLOW\n"                      \
	"op=EXECUTE fsverity_signature=TRUE action=ALLOW\n"                 \
	"op=EXECUTE dmverity_roothash=$dmvsigned dmverity_signature=TRUE "  \
	"action=ALLOW\n"                                                    \
	"op=POLICY boot_verified=TRUE action=ALLOW\n"                       \
	"op=POLICY action=DENY\n"

static char rules[1024];

FIXTURE(fault)
{
};

FIXTURE_VARIANT(fault)
{
	/* The place that the case needs. */
	enum place place;
	/* Sets up the state before the call, in which RULES are active. */
	int (*prepare)(void);
	/* Also after a call that failed, which should not need it. */
	bool prepare_always;
	/* Runs while allocations fail; its result if none does. */
	int (*run)(void);
	int result;
	/* Whether the whole work was done, if the call reports success. */
	bool (*done)(void);
	/* Must be true whether the work was done or not. */
	bool (*holds)(void);
	/* Undoes what the usual reset does not. */
	int (*undo)(void);
	/* Cleans up after itself, which must not fail. */
	bool one_at_a_time;
};

#define FAULT(id, ...) FIXTURE_VARIANT_ADD(fault, id) { __VA_ARGS__ }

/* For calls without a visible effect. */
static inline bool always(void)
{
	return true;
}

static inline unsigned int fault_step(void)
{
	const char *step = getenv("IPE_TEST_FAULT_STEP");

	return step && atoi(step) > 0 ? atoi(step) : 1;
}

FIXTURE_SETUP(fault)
{
	NEEDS_PLACE(variant->place);
	ASSERT_EQ(0, stage_rules(rules, sizeof(rules), RULES));
	/* No fault may hit the memory of this program. */
	ASSERT_EQ(0, mlockall(MCL_CURRENT | MCL_FUTURE));
}

RESET_AFTER(fault)

/* Everything that IPE shows, and its decisions. */
struct state {
	char digest[65];
	int initramfs, tmpfs, anonymous, program;
};

static inline int take_state(struct state *state)
{
	memset(state, 0, sizeof(*state));
	state->initramfs = try_mmap_path(stage_path(PLACE_INITRAMFS, "probe"));
	state->tmpfs = try_mmap_path(stage_path(PLACE_TMPFS, "probe"));
	state->anonymous = try_mmap_anonymous();
	state->program =
		try_execve_check_path(stage_path(PLACE_TMPFS, "probe"));
	return ipe_snapshot(state->digest);
}

/* Sets up the state before the call, unless the last call changed nothing. */
static inline void begin(struct __test_metadata *_metadata,
			 const FIXTURE_VARIANT(fault) *variant, bool changed,
			 struct state *before)
{
	if (changed) {
		ASSERT_EQ(0, ipe_reset());
		ASSERT_EQ(0, policy_enforce_rules(rules));
	}
	if (variant->prepare && (changed || variant->prepare_always)) {
		ASSERT_EQ(0, variant->prepare());
	}
	if (changed) {
		ASSERT_EQ(0, take_state(before));
	}
}

/* Checks the result. Returns whether anything was changed. */
static inline bool judge(struct __test_metadata *_metadata,
			 const FIXTURE_VARIANT(fault) *variant, int result,
			 const struct state *before, unsigned int number)
{
	struct state after;

	if (variant->holds) {
		EXPECT_TRUE(variant->holds())
		{
			TH_LOG("fault %u: %d, and wrong", number, result);
		}
	}
	if (!result && variant->done) {
		EXPECT_TRUE(variant->done())
		{
			TH_LOG("fault %u: done in part", number);
		}
		if (variant->undo) {
			EXPECT_EQ(0, variant->undo());
		}
		return true;
	}
	/* It failed, so it must have changed nothing. */
	EXPECT_GT(0, result)
	{
		TH_LOG("fault %u: %d", number, result);
	}
	ASSERT_EQ(0, take_state(&after));
	EXPECT_EQ(0, memcmp(before, &after, sizeof(after)))
	{
		TH_LOG("fault %u: %d, and not as before", number, result);
	}
	return false;
}

TEST_F_TIMEOUT(fault, one, LIMIT)
{
	const char *first = getenv("IPE_TEST_FAULT");
	unsigned int nth, faults = 0, failures = 0;
	bool changed = true;
	struct state before;
	int result = 0, hit;

	for (nth = first ? atoi(first) : 1; nth < MOST;
	     nth += fault_step()) {
		begin(_metadata, variant, changed, &before);
		ASSERT_EQ(0, fault_nth(nth));
		result = variant->run();
		hit = fault_end();
		ASSERT_LE(0, hit);
		if (!hit)
			break;
		faults++;
		failures += result != variant->result;
		changed = judge(_metadata, variant, result, &before, nth);
		/* One error is enough. */
		if (!__test_passed(_metadata))
			return;
	}
	/* No allocation was left to fail. */
	EXPECT_EQ(variant->result, result);
	judge(_metadata, variant, result, &before, nth);
	EXPECT_LT(0, faults);
	TH_LOG("%u faults, %u of which made the call fail", faults, failures);
}

TEST_F_TIMEOUT(fault, all, LIMIT)
{
	unsigned int bytes, rounds = 0, faults = 0, failures = 0;
	bool changed = true;
	struct state before;
	int result, hits;

	if (variant->one_at_a_time)
		SKIP(return, "cleaning up must not fail");
	for (bytes = 0; bytes < MOST * STEP;
	     bytes += STEP * fault_step()) {
		begin(_metadata, variant, changed, &before);
		ASSERT_EQ(0, fault_after(bytes));
		result = variant->run();
		hits = fault_end();
		ASSERT_LE(0, hits);
		if (!hits)
			break;
		rounds++;
		faults += hits;
		failures += result != variant->result;
		changed = judge(_metadata, variant, result, &before, bytes);
		if (!__test_passed(_metadata))
			return;
	}
	EXPECT_EQ(variant->result, result);
	judge(_metadata, variant, result, &before, bytes);
	EXPECT_LT(0, faults);
	TH_LOG("%u faults in %u rounds, %u of which made the call fail", faults,
	       rounds, failures);
}

/* Comes last: nothing is left of all that. */
FIXTURE(afterwards)
{
};

FIXTURE_SETUP(afterwards)
{
	ASSERT_EQ(0, ipe_reset());
}

FIXTURE_TEARDOWN(afterwards)
{
}

TEST_F_TIMEOUT(afterwards, no_leaks, LIMIT)
{
	if (!leaks_are_found())
		SKIP(return, "the kernel was built without CONFIG_DEBUG_KMEMLEAK");
	EXPECT_EQ(0, leaks_print());
}

TEST_F(afterwards, works)
{
	ASSERT_EQ(0, policy_enforce_rules(TRUST_INITRAMFS));
	EXPECT_EQ(0, try_execve(stage_path(PLACE_INITRAMFS, "probe")));
	EXPECT_EQ(-EACCES, try_execve(stage_path(PLACE_TMPFS, "probe")));
	EXPECT_EQ(0, ipe_reset());
}

static inline const char *faults_setup(void)
{
	const char *reason = audited_initramfs_setup();

	if (!reason && leaks_are_found() && leaks_forget())
		reason = "kmemleak cannot be cleared";
	return reason;
}

#endif /* IPE_SELFTEST_FAULT_FIXTURE_H */
