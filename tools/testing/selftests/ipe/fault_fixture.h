/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - memory that runs out
 *
 * Each thing that can be done with IPE is done over and over, and each time
 * another allocation of the kernel fails: the first, the second, until there is
 * none left to fail; and then all of them, from ever later on. Whatever fails,
 * the call has done all that it is for, or nothing.
 *
 * IPE_TEST_FAULT tells which allocation is the first to fail, where not all is to
 * be done again.
 */
#ifndef IPE_SELFTEST_FAULT_FIXTURE_H
#define IPE_SELFTEST_FAULT_FIXTURE_H

#include <sys/mman.h>

#include "fault.h"
#include "harness.h"
#include "stage.h"
#include "subject.h"

/* In emulation, with the kernel's checkers, a case may take long. */
#define LIMIT 3600
/* More allocations than any of the calls makes. */
#define MOST 20000
/* In how large steps memory grows before all allocations fail. */
#define STEP 256

/* In force while faults come: every kind of place has its answer. */
#define RULES                                                               \
	"DEFAULT action=ALLOW\n"                                            \
	"DEFAULT op=EXECUTE action=DENY\n"                                  \
	"op=EXECUTE boot_verified=TRUE action=ALLOW\n"                      \
	"op=EXECUTE fsverity_signature=TRUE action=ALLOW\n"                 \
	"op=EXECUTE dmverity_roothash=$dmvsigned dmverity_signature=TRUE "  \
	"action=ALLOW\n"

static char rules[1024];

FIXTURE(fault)
{
};

FIXTURE_VARIANT(fault)
{
	/* The place without which it cannot be done. */
	enum place place;
	/* Brings about the state before, in which RULES are in force. */
	int (*prepare)(void);
	/* Also after a call that failed, which should not need it. */
	bool prepare_always;
	/* What is done while allocations fail, and its result if none does. */
	int (*run)(void);
	int result;
	/* Whether all of it happened, where it says that it has. */
	bool (*done)(void);
	/* What must be true whether it was done or not. */
	bool (*holds)(void);
	/* Takes back what the usual reset does not. */
	int (*undo)(void);
	/* Clears up behind itself, which must not fail. */
	bool one_at_a_time;
};

#define FAULT(id, ...) FIXTURE_VARIANT_ADD(fault, id) { __VA_ARGS__ }

/* Nothing more is to be seen of it where it says that it was done. */
static inline bool always(void)
{
	return true;
}

FIXTURE_SETUP(fault)
{
	NEEDS_PLACE(variant->place);
	ASSERT_EQ(0, stage_rules(rules, sizeof(rules), RULES));
	/* So that no fault is spent on the memory of this program. */
	ASSERT_EQ(0, mlockall(MCL_CURRENT | MCL_FUTURE));
}

RESET_AFTER(fault)

/* All that IPE shows, and what it decides. */
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

/* The state in which the call is made: where nothing was changed, that of before. */
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

/* What came of it. Returns whether anything was changed. */
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
	/* It failed, and there must be nothing of it. */
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

	for (nth = first ? atoi(first) : 1; nth < MOST; nth++) {
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
		/* One wrong is enough to know. */
		if (!__test_passed(_metadata))
			return;
	}
	/* There was nothing left to fail. */
	EXPECT_EQ(variant->result, result);
	judge(_metadata, variant, result, &before, nth);
	EXPECT_LT(0, faults);
	TH_LOG("%u faults, of which %u had the call fail", faults, failures);
}

TEST_F_TIMEOUT(fault, all, LIMIT)
{
	unsigned int bytes, rounds = 0, faults = 0, failures = 0;
	bool changed = true;
	struct state before;
	int result, hits;

	if (variant->one_at_a_time)
		SKIP(return, "it has to be able to clear up");
	for (bytes = 0; bytes < MOST * STEP; bytes += STEP) {
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
	TH_LOG("%u faults in %u rounds, of which %u had the call fail", faults,
	       rounds, failures);
}

/* Comes last: nothing of all that is left. */
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
