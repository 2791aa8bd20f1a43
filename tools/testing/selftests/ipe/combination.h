/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - what holds in each combination of mode, seal, trial, loading by
 * path and operations that a policy need not name
 *
 * The active policy allows to execute the initramfs and nothing else, and to
 * load policies from there.
 */
#ifndef IPE_SELFTEST_COMBINATION_H
#define IPE_SELFTEST_COMBINATION_H

#include <limits.h>

#include "access.h"
#include "harness.h"
#include "origin.h"

#define IPE_SEAL IPE_ROOT "/seal"

#define COMBINED_TRIAL IPE_PREFIX "_combined_trial"
#define COMBINED_FILE IPE_PREFIX "_combined_file"

/* What a policy says of PTRACE. */
enum named { UNNAMED, ALLOWS, DENIES };

static const char *const named_rules[] = {
	[UNNAMED] = "",
	[ALLOWS] = "op=PTRACE action=ALLOW\n",
	[DENIES] = "op=PTRACE action=DENY\n",
};

/* What the policy on trial says of execution. */
enum on_trial { NO_TRIAL, LENIENT, STRICT };

static const char *const trial_rules[] = {
	[LENIENT] = "DEFAULT action=ALLOW\n",
	[STRICT] = "DEFAULT action=ALLOW\nDEFAULT op=EXECUTE action=DENY\n",
};

/* Files, one of which the active policy allows, and the other one not. */
struct combination_files {
	char trusted[PATH_MAX], untrusted[PATH_MAX];
	char policy[PATH_MAX], other_policy[PATH_MAX];
};

struct combination {
	bool enforcing, sealed;
	enum named active;
	enum on_trial trial;
	/* What the policy on trial says of PTRACE. */
	enum named tried;
};

static inline const char *combination_show(const struct combination *it)
{
	static char text[128];

	snprintf(text, sizeof(text),
		 "enforcing %d, sealed %d, PTRACE %d, trial %d, its PTRACE %d",
		 it->enforcing, it->sealed, it->active, it->trial, it->tried);
	return text;
}

/* Makes the files; "initramfs" and "tmpfs" are directories there. */
static inline int combination_prepare(struct combination_files *files,
				      const char *initramfs, const char *tmpfs)
{
	int err;

	snprintf(files->policy, PATH_MAX, "%s/combined.pol", initramfs);
	snprintf(files->other_policy, PATH_MAX, "%s/combined.pol", tmpfs);
	err = origin_write(files->policy, COMBINED_FILE, NULL, ALLOW);
	return err ?: origin_write(files->other_policy, COMBINED_FILE, NULL,
				   ALLOW);
}

static inline void combination_clean(const struct combination_files *files)
{
	unlink(files->policy);
	unlink(files->other_policy);
}

/* The counters of trial_stats, in their order, without that of records. */
struct outcomes {
	unsigned long number[4];
};

static inline void expect_outcome(struct outcomes *to, bool active_denies,
				  bool trial_denies)
{
	to->number[2 * active_denies + trial_denies]++;
}

static inline int combination_counts(struct outcomes *to)
{
	char text[512];

	if (read_file(policy_file(COMBINED_TRIAL, "trial_stats"), text,
		      sizeof(text)) < 0)
		return -ENODATA;
	return sscanf(text,
		      "both_allow %lu\nonly_trial_denies %lu\n"
		      "only_active_denies %lu\nboth_deny %lu\n",
		      &to->number[0], &to->number[1], &to->number[2],
		      &to->number[3]) == 4 ?
		       0 :
		       -EBADMSG;
}

static inline int open_own_memory(void)
{
	const int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : close(fd);
}

/* The results of accesses and of loads depend on the active policy and the mode alone. */
static inline void expect_combination(struct __test_metadata *_metadata,
				      const struct combination *it,
				      const struct combination_files *files)
{
	const int denied = it->enforcing ? -EACCES : 0;
	const bool strict = it->trial == STRICT;
	struct outcomes want = {}, got = {};
	bool existed;

	if (it->trial) {
		/* Its counts begin anew. */
		EXPECT_EQ(0, write_string(policy_file(COMBINED_TRIAL, "trial"),
					  "1"));
	}
	EXPECT_EQ(denied, try_mmap_path(files->untrusted));
	expect_outcome(&want, true, strict);
	EXPECT_EQ(0, try_mmap_path(files->trusted));
	expect_outcome(&want, false, strict);
	EXPECT_EQ(it->active == DENIES ? denied : 0, open_own_memory());
	if (it->active != UNNAMED || it->tried != UNNAMED)
		expect_outcome(&want, it->active == DENIES,
			       it->tried == DENIES);

	/* Permissive mode allows no more than enforcing mode, and the trial has no say. */
	existed = policy_exists(COMBINED_FILE);
	EXPECT_EQ(existed ? -EEXIST : 0, origin_load(files->policy));
	EXPECT_EQ('0', policy_state(COMBINED_FILE));
	EXPECT_EQ(it->sealed ? -EPERM : 0, policy_delete(COMBINED_FILE));
	EXPECT_EQ(-EACCES, origin_load(files->other_policy));

	if (it->trial) {
		EXPECT_EQ(0, combination_counts(&got));
		EXPECT_EQ(0, memcmp(&want, &got, sizeof(want)))
		{
			TH_LOG("%lu %lu %lu %lu", got.number[0], got.number[1],
			       got.number[2], got.number[3]);
		}
	}
	/* Only what is enforced can be sealed. */
	if (!it->enforcing)
		EXPECT_EQ(-EINVAL, write_string(IPE_SEAL, "1"));
	if (!__test_passed(_metadata))
		TH_LOG("%s", combination_show(it));
}

#endif /* IPE_SELFTEST_COMBINATION_H */
