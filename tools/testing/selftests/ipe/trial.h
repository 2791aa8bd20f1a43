/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - policies on trial: how they begin, and what they have counted
 */
#ifndef IPE_SELFTEST_TRIAL_H
#define IPE_SELFTEST_TRIAL_H

#include <errno.h>
#include <sys/prctl.h>

#include "access.h"
#include "audit.h"
#include "harness.h"
#include "stage.h"

#define ON_TRIAL IPE_PREFIX "_trial"
#define OTHER IPE_PREFIX "_other"
#define TRIAL policy_file(ON_TRIAL, "trial")
#define STATS policy_file(ON_TRIAL, "trial_stats")

#define ALLOW "DEFAULT action=ALLOW\n"
#define DENY_TMPFS ALLOW "op=EXECUTE boot_verified=FALSE action=DENY\n"
#define DENY_TMPFS_RULE "op=EXECUTE boot_verified=FALSE action=DENY"
#define ALLOWED_RULE "DEFAULT action=ALLOW"

/* The counters of trial_stats, in their order. */
struct stats {
	unsigned long both_allow, only_trial, only_active, both_deny,
		suppressed;
};

static inline int read_stats(struct stats *stats)
{
	char text[512];
	int end = 0;
	ssize_t size = read_file(STATS, text, sizeof(text) - 1);

	if (size < 0)
		return size;
	text[size] = '\0';
	if (sscanf(text,
		   "both_allow %lu\nonly_trial_denies %lu\n"
		   "only_active_denies %lu\nboth_deny %lu\n"
		   "records_suppressed %lu\n%n",
		   &stats->both_allow, &stats->only_trial, &stats->only_active,
		   &stats->both_deny, &stats->suppressed, &end) != 5 ||
	    end != size)
		return -EBADMSG;
	return 0;
}

static inline bool is_on_trial(const char *name)
{
	char value[4];

	return read_file(policy_file(name, "trial"), value, sizeof(value)) ==
		       1 &&
	       value[0] == '1';
}

static inline int begin(const char *name)
{
	return write_string(policy_file(name, "trial"), "1");
}

/* Makes the first rules active, and puts the others on trial. */
static inline int try_rules(const char *active, const char *trial)
{
	int err = stage_enforce(active);

	if (!err)
		err = policy_load(ON_TRIAL, NULL, trial);
	return err ?: begin(ON_TRIAL);
}

#define TRY_RULES(active, trial) ASSERT_EQ(0, try_rules(active, trial))

#define EXPECT_STATS(...)                                                   \
	do {                                                                \
		const struct stats want = { __VA_ARGS__ };                  \
		struct stats got = {};                                      \
                                                                            \
		EXPECT_EQ(0, read_stats(&got));                             \
		EXPECT_EQ(want.both_allow, got.both_allow);                 \
		EXPECT_EQ(want.only_trial, got.only_trial);                 \
		EXPECT_EQ(want.only_active, got.only_active);               \
		EXPECT_EQ(want.both_deny, got.both_deny);                   \
		EXPECT_EQ(want.suppressed, got.suppressed);                 \
	} while (0)

FIXTURE(trial)
{
	int audit;
};

FIXTURE_SETUP(trial)
{
	NEEDS_PLACE(PLACE_INITRAMFS);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, prctl(PR_SET_NAME, "trial"));
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

RESET_AFTER(trial)

/* NULL, or what a kernel without trials lacks. */
static inline const char *trial_missing(void)
{
	char name[256];
	struct ipe_version version;

	if (policy_active(name, sizeof(name), &version))
		return NULL;
	return access(policy_file(name, "trial"), F_OK) ?
		       "this kernel's IPE has no trials" :
		       NULL;
}

#endif /* IPE_SELFTEST_TRIAL_H */
