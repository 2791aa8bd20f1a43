// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - which policies may go on trial, and what becomes of a trial when
 * policies change
 */
#include <linux/capability.h>

#include "trial.h"

TEST_F(trial, modes_and_errors)
{
	const struct ipe_version lower = ipe_version();
	struct ipe_version version = lower;
	struct stats stats;
	struct stat st;

	version.rev++;
	ASSERT_EQ(0, policy_load(RULES_NAME, &version, ALLOW));
	ASSERT_EQ(0, policy_activate(RULES_NAME));
	ASSERT_EQ(0, policy_load(ON_TRIAL, &version, ALLOW));
	ASSERT_EQ(0, stat(TRIAL, &st));
	EXPECT_EQ(S_IFREG | 0600, st.st_mode);
	ASSERT_EQ(0, stat(STATS, &st));
	EXPECT_EQ(S_IFREG | 0400, st.st_mode);
	EXPECT_FALSE(is_on_trial(ON_TRIAL));
	EXPECT_EQ(-ENODATA, read_stats(&stats));
	EXPECT_EQ(-EINVAL, write_string(TRIAL, ""));
	EXPECT_EQ(-EINVAL, write_string(TRIAL, "junk"));
	EXPECT_EQ(-EINVAL, write_string(STATS, "1"));
	ASSERT_EQ(0, cap_effective(CAP_MAC_ADMIN, false));
	EXPECT_EQ(-EPERM, begin(ON_TRIAL));
	EXPECT_EQ(-EPERM, write_string(TRIAL, "0"));
	EXPECT_EQ(0, cap_effective(CAP_MAC_ADMIN, true));
	EXPECT_FALSE(is_on_trial(ON_TRIAL));
	/* There is nothing to end. */
	EXPECT_EQ(0, write_string(TRIAL, "0"));

	/* The active one. */
	EXPECT_EQ(-EINVAL, begin(RULES_NAME));
	/* One that could not be activated. */
	ASSERT_EQ(0, policy_load(IPE_PREFIX "_old", &lower, ALLOW));
	EXPECT_EQ(-ESTALE, policy_activate(IPE_PREFIX "_old"));
	EXPECT_EQ(-ESTALE, begin(IPE_PREFIX "_old"));
	EXPECT_FALSE(is_on_trial(IPE_PREFIX "_old"));

	EXPECT_EQ(0, begin(ON_TRIAL));
	EXPECT_TRUE(is_on_trial(ON_TRIAL));
	EXPECT_FALSE(is_on_trial(RULES_NAME));
	EXPECT_EQ(0, read_stats(&stats));
	/* A second one. */
	ASSERT_EQ(0, policy_load(OTHER, NULL, ALLOW));
	EXPECT_EQ(-EBUSY, begin(OTHER));
	EXPECT_EQ(-EBUSY, begin(IPE_PREFIX "_old"));
	EXPECT_EQ(0, write_string(policy_file(OTHER, "trial"), "0"));
	EXPECT_TRUE(is_on_trial(ON_TRIAL));
	EXPECT_EQ(0, write_string(TRIAL, "0"));
	EXPECT_FALSE(is_on_trial(ON_TRIAL));
	EXPECT_EQ(-ENODATA, read_stats(&stats));
	EXPECT_EQ(0, begin(OTHER));
	EXPECT_EQ('1', policy_state(RULES_NAME));
}

TEST_F(trial, update_of_the_trial)
{
	const char *path = stage_path(PLACE_TMPFS, "probe");
	struct ipe_version version = ipe_version();
	char want[128];

	TRY_RULES(ALLOW, ALLOW);
	EXPECT_EQ(0, try_mmap_path(path));
	EXPECT_STATS(1, 0, 0, 0, 0);
	/* A refused one changes nothing. */
	EXPECT_EQ(-ESTALE, policy_update(ON_TRIAL, &version, DENY_TMPFS));
	EXPECT_STATS(1, 0, 0, 0, 0);
	version.rev++;
	EXPECT_EQ(0, policy_update(ON_TRIAL, &version, DENY_TMPFS));
	EXPECT_TRUE(is_on_trial(ON_TRIAL));
	EXPECT_STATS(0, 0, 0, 0, 0);
	EXPECT_EQ(0, try_mmap_path(path));
	EXPECT_STATS(0, 1, 0, 0, 0);
	snprintf(want, sizeof(want), " trial_policy_version=%u\\.%u\\.%u ",
		 version.major, version.minor, version.rev);
	EXPECT_EQ(0, audit_match(self->audit, AUDIT_IPE_ACCESS, want, NULL));
	EXPECT_EQ('1', policy_state(RULES_NAME));
}

TEST_F(trial, update_of_the_active_policy)
{
	const char *path = stage_path(PLACE_TMPFS, "probe");
	struct ipe_version version = ipe_version();
	struct stats stats;

	ASSERT_EQ(0, stage_enforce(ALLOW));
	version.rev++;
	ASSERT_EQ(0, policy_load(ON_TRIAL, &version, ALLOW));
	ASSERT_EQ(0, begin(ON_TRIAL));
	/* As high as that of the trial: it goes on, against the new one. */
	ASSERT_EQ(0, policy_update(RULES_NAME, &version, DENY_TMPFS));
	EXPECT_TRUE(is_on_trial(ON_TRIAL));
	EXPECT_EQ(-EACCES, try_mmap_path(path));
	EXPECT_STATS(0, 0, 1, 0, 0);
	/* Higher: activation would refuse it. */
	version.rev++;
	ASSERT_EQ(0, policy_update(RULES_NAME, &version, DENY_TMPFS));
	EXPECT_FALSE(is_on_trial(ON_TRIAL));
	EXPECT_EQ(-ENODATA, read_stats(&stats));
	EXPECT_EQ(-ESTALE, begin(ON_TRIAL));
	EXPECT_EQ(-EACCES, try_mmap_path(path));
}

TEST_F(trial, promoted)
{
	const char *path = stage_path(PLACE_TMPFS, "probe");

	TRY_RULES(ALLOW, DENY_TMPFS);
	EXPECT_EQ(0, try_mmap_path(path));
	ASSERT_EQ(0, policy_activate(ON_TRIAL));
	EXPECT_FALSE(is_on_trial(ON_TRIAL));
	EXPECT_EQ(-EINVAL, begin(ON_TRIAL));
	ASSERT_EQ(0, audit_drain(self->audit));
	EXPECT_EQ(-EACCES, try_mmap_path(path));
	/* Its own record now. */
	EXPECT_EQ(0, audit_match(self->audit, AUDIT_IPE_ACCESS,
				 " enforcing=1 .* rule=\"" DENY_TMPFS_RULE "\"$",
				 NULL));
	/* The one before may go on trial. */
	EXPECT_EQ(0, begin(RULES_NAME));
}

TEST_F(trial, another_is_activated)
{
	const char *path = stage_path(PLACE_TMPFS, "probe");

	TRY_RULES(ALLOW, DENY_TMPFS);
	EXPECT_EQ(0, try_mmap_path(path));
	ASSERT_EQ(0, policy_load(OTHER, NULL, DENY_TMPFS));
	ASSERT_EQ(0, policy_activate(OTHER));
	EXPECT_TRUE(is_on_trial(ON_TRIAL));
	EXPECT_EQ(-EACCES, try_mmap_path(path));
	EXPECT_STATS(0, 1, 0, 1, 0);
}

TEST_F(trial, deleted)
{
	char text[64];
	int fd, stats;

	TRY_RULES(ALLOW, DENY_TMPFS);
	fd = open(TRIAL, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	stats = open(STATS, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, stats);
	ASSERT_EQ(0, policy_delete(ON_TRIAL));
	EXPECT_EQ(-1, read(fd, text, sizeof(text)));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, read(stats, text, sizeof(text)));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-ENOENT, write_fd(fd, "1", 1));
	EXPECT_EQ(-ENOENT, write_fd(fd, "0", 1));
	close(fd);
	close(stats);
	/* There is room for another. */
	ASSERT_EQ(0, policy_load(OTHER, NULL, ALLOW));
	EXPECT_EQ(0, begin(OTHER));
	/* The active one cannot be deleted, whatever is on trial. */
	EXPECT_EQ(-EPERM, policy_delete(RULES_NAME));
}

IPE_TEST_MAIN_UNLESS(trial_missing(), audited_initramfs_setup, audited_stage_teardown)
