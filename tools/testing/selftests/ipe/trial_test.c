// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - a policy on trial: it decides beside the active one, and nothing
 * follows from that but counts and records
 */
#include "interpreter.h"
#include "probe.h"
#include "trial.h"

/* The four outcomes, in both modes, with and without records of all. */
FIXTURE(outcome)
{
	int audit;
	const char *path;
	char file[PATH_MAX + 128];
};

FIXTURE_VARIANT(outcome)
{
	const char *active, *trial;
	/* What the active policy and the one on trial say. */
	bool denies, trial_denies;
	/* As the record shows the rules. */
	const char *rule, *trial_rule;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(outcome, both_allow) { ALLOW, "DEFAULT action=DENY\nop=EXECUTE boot_verified=FALSE action=ALLOW\n", false, false, ALLOWED_RULE, "op=EXECUTE boot_verified=FALSE action=ALLOW" };
FIXTURE_VARIANT_ADD(outcome, only_trial_denies) { ALLOW, DENY_TMPFS, false, true, ALLOWED_RULE, DENY_TMPFS_RULE };
FIXTURE_VARIANT_ADD(outcome, only_active_denies) { DENY_TMPFS, ALLOW "DEFAULT op=EXECUTE action=ALLOW\n", true, false, DENY_TMPFS_RULE, "DEFAULT op=EXECUTE action=ALLOW" };
FIXTURE_VARIANT_ADD(outcome, both_deny) { DENY_TMPFS, ALLOW "DEFAULT op=EXECUTE action=DENY\n", true, true, DENY_TMPFS_RULE, "DEFAULT op=EXECUTE action=DENY" };
/* clang-format on */

FIXTURE_SETUP(outcome)
{
	NEEDS_PLACE(PLACE_TMPFS);
	ASSERT_EQ(0, ipe_reset());
	self->path = stage_path(PLACE_TMPFS, "probe");
	ASSERT_EQ(0, file_fields(self->file, sizeof(self->file), self->path,
				 stage_device(PLACE_TMPFS)));
	TRY_RULES(variant->active, variant->trial);
	ASSERT_EQ(0, prctl(PR_SET_NAME, "trial"));
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

RESET_AFTER(outcome)

/* One mapping: its result, its record if there is one, and the counts. */
static void expect_outcome(struct __test_metadata *_metadata,
			   FIXTURE_DATA(outcome) *self,
			   const FIXTURE_VARIANT(outcome) *variant,
			   bool enforce, bool all)
{
	const bool only_trial = variant->trial_denies && !variant->denies;
	const struct ipe_version version = ipe_version();
	struct audit_record record;
	char want[8192];

	/* Anew, so that earlier records do not count. */
	ASSERT_EQ(0, begin(ON_TRIAL));
	ASSERT_EQ(0, write_string(IPE_ENFORCE, enforce ? "1" : "0"));
	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, all ? "1" : "0"));
	ASSERT_EQ(0, audit_drain(self->audit));
	EXPECT_EQ(variant->denies && enforce ? -EACCES : 0,
		  try_mmap_path(self->path));
	EXPECT_STATS(!variant->denies && !variant->trial_denies, only_trial,
		     variant->denies && !variant->trial_denies,
		     variant->denies && variant->trial_denies, 0);
	if (!variant->denies && !variant->trial_denies && !all) {
		EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
		return;
	}
	ASSERT_EQ(0, audit_next(self->audit, AUDIT_IPE_ACCESS, &record));
	snprintf(want, sizeof(want),
		 "ipe_op=EXECUTE ipe_hook=MMAP enforcing=%d pid=%d "
		 "comm=\"trial\" %s rule=\"%s\" trial_policy_name=\"" ON_TRIAL
		 "\" trial_policy_version=%u.%u.%u trial_rule=\"%s\"",
		 enforce && !only_trial, getpid(), self->file, variant->rule,
		 version.major, version.minor, version.rev,
		 variant->trial_rule);
	EXPECT_STREQ(want, record.text);
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

TEST_F(outcome, enforcing)
{
	expect_outcome(_metadata, self, variant, true, false);
}

TEST_F(outcome, permissive)
{
	expect_outcome(_metadata, self, variant, false, false);
}

TEST_F(outcome, all_is_recorded)
{
	expect_outcome(_metadata, self, variant, true, true);
	expect_outcome(_metadata, self, variant, false, true);
}

/* The record without a trial is the one that it always was. */
TEST_F(outcome, ended)
{
	struct audit_record record;

	ASSERT_EQ(0, write_string(TRIAL, "0"));
	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	EXPECT_EQ(variant->denies ? -EACCES : 0, try_mmap_path(self->path));
	ASSERT_EQ(0, audit_next(self->audit, AUDIT_IPE_ACCESS, &record));
	EXPECT_NE(NULL, strstr(record.text, " enforcing=1 "));
	EXPECT_EQ(NULL, strstr(record.text, "trial_"));
}

/* Each way into the kernel's memory asks both policies. */
TEST_F(trial, every_hook)
{
	const char *path = stage_path(PLACE_TMPFS, "probe");
	struct stats stats;

	NEEDS_EXECVE_CHECK();
	TRY_RULES(ALLOW, DENY_TMPFS "op=EXECUTE anonymous_memory=TRUE action=DENY\n");
	EXPECT_EQ(0, try_mmap_path(path));
	EXPECT_EQ(0, try_mprotect_path(path));
	EXPECT_EQ(0, try_execve_check_path(path));
	EXPECT_STATS(0, 3, 0, 0, 0);
	EXPECT_EQ(0, try_execve(path));
	ASSERT_EQ(0, read_stats(&stats));
	EXPECT_LT(3, stats.only_trial);
	EXPECT_EQ(0, stats.only_active + stats.both_deny);
}

/* By digests, which take another way through the decision. */
TEST_F(trial, digests)
{
	NEEDS_PLACE(PLACE_FSV);
	NEEDS_PLACE(PLACE_DMV);
	TRY_RULES(ALLOW_ONLY("fsverity_digest=$fsv"),
		  "DEFAULT action=DENY\n"
		  "op=EXECUTE boot_verified=TRUE action=ALLOW\n");
	EXPECT_EQ(0, try_mmap_path(stage_path(PLACE_FSV, "probe")));
	EXPECT_EQ(-EACCES, try_mmap_path(stage_path(PLACE_DMV, "probe")));
	EXPECT_EQ(-EACCES, try_mmap_path(stage_path(PLACE_INITRAMFS, "probe")));
	EXPECT_STATS(0, 1, 1, 1, 0);
}

TEST_F(trial, digests_of_the_trial)
{
	char rules[1024];

	NEEDS_PLACE(PLACE_FSV);
	NEEDS_PLACE(PLACE_DMV);
	ASSERT_EQ(0, stage_rules(rules, sizeof(rules),
				 "DEFAULT action=DENY\n"
				 "op=EXECUTE fsverity_digest=$fsv action=ALLOW\n"
				 "op=EXECUTE dmverity_roothash=$dmv action=ALLOW\n"));
	TRY_RULES(ALLOW, rules);
	EXPECT_EQ(0, try_mmap_path(stage_path(PLACE_FSV, "probe")));
	EXPECT_EQ(0, try_mmap_path(stage_path(PLACE_DMV, "probe")));
	EXPECT_EQ(0, try_mmap_path(stage_path(PLACE_FSV_SHA512, "probe")));
	EXPECT_STATS(2, 1, 0, 0, 0);
}

/* Memory: the record names the program, so that a rule can be made of it. */
TEST_F(trial, memory)
{
	struct audit_record record;

	TRY_RULES(ALLOW,
		  ALLOW "op=EXECUTE anonymous_memory=TRUE action=DENY\n");
	EXPECT_EQ(0, try_mmap_anonymous());
	EXPECT_STATS(0, 1, 0, 0, 0);
	ASSERT_EQ(0, audit_match(self->audit, AUDIT_IPE_ACCESS,
				 "enforcing=0 .* path=\\? dev=\\? ino=\\? "
				 "rule=\"DEFAULT action=ALLOW\" exe_dev=\"rootfs\" "
				 "exe_ino=[0-9]+ exe_boot_verified=TRUE "
				 "trial_policy_name=\"" ON_TRIAL "\" "
				 "trial_policy_version=[0-9.]+ "
				 "trial_rule=\"op=EXECUTE anonymous_memory=TRUE "
				 "action=DENY\"$",
				 &record));
	/* The same program again, by the same rule. */
	EXPECT_EQ(0, try_mmap_anonymous());
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

/* Of two policies, those are asked about an executable heap that name memory. */
TEST_F(trial, heap_of_the_trial)
{
	TRY_RULES(ALLOW,
		  ALLOW "op=EXECUTE anonymous_memory=TRUE action=DENY\n");
	EXPECT_EQ(0, try_grow_heap(true));
	EXPECT_STATS(0, 1, 0, 0, 0);
	EXPECT_EQ(0, audit_match(self->audit, AUDIT_IPE_ACCESS,
				 "ipe_hook=BRK enforcing=0 .* rule=\\? .* "
				 "trial_rule=\"op=EXECUTE anonymous_memory=TRUE "
				 "action=DENY\"$",
				 NULL));
}

TEST_F(trial, heap_of_the_active_policy)
{
	TRY_RULES(ALLOW "op=EXECUTE anonymous_memory=TRUE action=DENY\n",
		  "DEFAULT action=DENY\n");
	EXPECT_EQ(-ENOMEM, try_grow_heap(true));
	EXPECT_STATS(0, 0, 1, 0, 0);
}

TEST_F(trial, heap_of_neither)
{
	TRY_RULES("DEFAULT action=DENY\n", "DEFAULT action=DENY\n");
	EXPECT_EQ(0, try_grow_heap(true));
	EXPECT_STATS(0, 0, 0, 0, 0);
}

/* One record for each rule and file, until the trial begins anew. */
TEST_F(trial, recorded_once)
{
	const char *path = stage_path(PLACE_TMPFS, "probe");
	int i;

	TRY_RULES(ALLOW, DENY_TMPFS);
	ASSERT_EQ(0, audit_drain(self->audit));
	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, try_mmap_path(path));
	EXPECT_EQ(1, audit_count(self->audit, AUDIT_IPE_ACCESS));
	EXPECT_STATS(0, 5, 0, 0, 0);
	EXPECT_EQ(0, try_mmap_path(stage_path(PLACE_TMPFS, "name")));
	EXPECT_EQ(1, audit_count(self->audit, AUDIT_IPE_ACCESS));
	ASSERT_EQ(0, begin(ON_TRIAL));
	EXPECT_STATS(0, 0, 0, 0, 0);
	EXPECT_EQ(0, try_mmap_path(path));
	EXPECT_EQ(1, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

/* The denials of the active policy are recorded each time, as ever. */
TEST_F(trial, denials_are_recorded_each_time)
{
	const char *path = stage_path(PLACE_TMPFS, "probe");
	int i;

	TRY_RULES(DENY_TMPFS, DENY_TMPFS);
	ASSERT_EQ(0, audit_drain(self->audit));
	for (i = 0; i < 40; i++)
		EXPECT_EQ(-EACCES, try_mmap_path(path));
	EXPECT_EQ(40, audit_count(self->audit, AUDIT_IPE_ACCESS));
	EXPECT_STATS(0, 0, 0, 40, 0);
}

enum { MANY = 200 };

static const char *numbered(int i)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/trial%d", stage_dir(), i);
	return path;
}

/* More than the limit in a second: the others are recorded when they come again. */
TEST_F_TIMEOUT(trial, records_are_limited, 120)
{
	int i, recorded;
	struct stats stats;

	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, copy_file(stage_path(PLACE_TMPFS, "probe"),
				       numbered(i), 0755));
	TRY_RULES(ALLOW, DENY_TMPFS);
	ASSERT_EQ(0, audit_drain(self->audit));
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, try_mmap_path(numbered(i)));
	recorded = audit_count(self->audit, AUDIT_IPE_ACCESS);
	EXPECT_LE(16, recorded);
	ASSERT_EQ(0, read_stats(&stats));
	EXPECT_EQ(MANY, stats.only_trial);
	EXPECT_EQ(MANY, recorded + stats.suppressed);
	/* Fails where the machine takes 13 seconds for so few mappings. */
	EXPECT_LT(0, stats.suppressed);
	sleep(3);
	EXPECT_EQ(0, try_mmap_path(numbered(MANY - 1)));
	EXPECT_EQ(1, audit_count(self->audit, AUDIT_IPE_ACCESS));
	for (i = 0; i < MANY; i++)
		unlink(numbered(i));
}

/* Operations that are asked about only where a policy names them. */

static int open_own_memory(void)
{
	const int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

#define DENY_PTRACE ALLOW "DEFAULT op=PTRACE action=DENY\n"

TEST_F(trial, neither_names_an_operation)
{
	TRY_RULES(ALLOW, "DEFAULT action=DENY\n");
	EXPECT_EQ(0, open_own_memory());
	EXPECT_STATS(0, 0, 0, 0, 0);
}

TEST_F(trial, only_the_trial_names_an_operation)
{
	TRY_RULES(ALLOW, DENY_PTRACE);
	EXPECT_EQ(0, open_own_memory());
	EXPECT_STATS(0, 1, 0, 0, 0);
	EXPECT_EQ(0, audit_match(self->audit, AUDIT_IPE_ACCESS,
				 "^ipe_op=PTRACE ipe_hook=PROC_MEM enforcing=0 "
				 ".* rule=\\? exe_dev=.* "
				 "trial_rule=\"DEFAULT op=PTRACE action=DENY\"$",
				 NULL));
	EXPECT_EQ(0, write_string(TRIAL, "0"));
	EXPECT_EQ(0, open_own_memory());
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

/* A global default that denies is no answer about an operation without a name. */
TEST_F(trial, active_policy_denies_by_default)
{
	TRY_RULES("DEFAULT action=DENY\nop=EXECUTE action=ALLOW\n",
		  ALLOW "DEFAULT op=PTRACE action=ALLOW\n");
	EXPECT_EQ(0, open_own_memory());
	EXPECT_STATS(1, 0, 0, 0, 0);
}

TEST_F(trial, only_the_active_policy_names_an_operation)
{
	TRY_RULES(DENY_PTRACE, "DEFAULT action=DENY\nop=EXECUTE action=ALLOW\n");
	EXPECT_EQ(-EACCES, open_own_memory());
	EXPECT_STATS(0, 0, 1, 0, 0);
	EXPECT_EQ(0, audit_match(self->audit, AUDIT_IPE_ACCESS,
				 "^ipe_op=PTRACE .* enforcing=1 .* "
				 "rule=\"DEFAULT op=PTRACE action=DENY\" .* "
				 "trial_rule=\\?$",
				 NULL));
}

/* The bits of a program about scripts, and its execution. */
static int script_bits(void)
{
	return run_program_with(PROBE_SCRIPT_BITS, AT_FDCWD,
				stage_path(PLACE_TMPFS, "probe"), 0, NULL,
				NULL);
}

#define DENY_SCRIPT ALLOW "DEFAULT op=UNCHECKED_SCRIPT action=DENY\n"

TEST_F(trial, scripts_are_recorded)
{
	NEEDS_EXECVE_CHECK();
	TRY_RULES(ALLOW, DENY_SCRIPT);
	ASSERT_EQ(0, audit_drain(self->audit));
	EXPECT_EQ(0, script_bits());
	EXPECT_EQ(0, audit_match(self->audit, AUDIT_IPE_ACCESS,
				 "^ipe_op=UNCHECKED_SCRIPT .* enforcing=0 .* "
				 "rule=\\? .*"
				 "trial_rule=\"DEFAULT op=UNCHECKED_SCRIPT "
				 "action=DENY\"$",
				 NULL));
	EXPECT_EQ(0, script_bits());
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

TEST_F(trial, scripts_of_the_active_policy)
{
	struct stats stats;

	NEEDS_EXECVE_CHECK();
	TRY_RULES(DENY_SCRIPT, ALLOW);
	ASSERT_EQ(0, audit_drain(self->audit));
	EXPECT_EQ(1, script_bits());
	/* Not recorded, as without a trial. */
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
	ASSERT_EQ(0, read_stats(&stats));
	EXPECT_EQ(1, stats.only_active);
	EXPECT_EQ(0, stats.only_trial + stats.both_deny);
}

/* Both observers at a time: rules that decide are those of the active policy. */
TEST_F(trial, unused_rules_beside)
{
	char list[256];

	TRY_RULES(DENY_TMPFS, DENY_TMPFS);
	ASSERT_EQ(0, write_string(policy_file(RULES_NAME, "unused"), "1"));
	ASSERT_EQ(0, write_string(policy_file(ON_TRIAL, "unused"), "1"));
	EXPECT_EQ(-EACCES, try_mmap_path(stage_path(PLACE_TMPFS, "probe")));
	EXPECT_EQ(0, read_file(policy_file(RULES_NAME, "unused"), list,
			       sizeof(list)));
	EXPECT_LT(0, read_file(policy_file(ON_TRIAL, "unused"), list,
			       sizeof(list)));
}

IPE_TEST_MAIN_UNLESS(trial_missing(), audited_initramfs_setup, audited_stage_teardown)
