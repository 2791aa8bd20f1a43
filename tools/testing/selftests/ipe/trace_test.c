// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the tracepoint ipe:decision
 */
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "harness.h"
#include "access.h"
#include "origin.h"

#define ON_TRIAL IPE_PREFIX "_trial"

#define TRACING "/sys/kernel/tracing"
#define EVENT TRACING "/events/ipe/decision"

/* The numbers of defaults. Those of rules are offsets. */
#define BY_OPERATION "-1"
#define BY_POLICY "-2"

static char trusted[256], untrusted[256];

static int clear_trace(void)
{
	int fd = open(TRACING "/trace", O_WRONLY | O_TRUNC | O_CLOEXEC);

	return fd < 0 ? -errno : close(fd);
}

/* Whether the trace has a line that ends with these fields. */
static bool traced(const char *fields)
{
	static char trace[1 << 16];
	char line[512];

	if (read_file(TRACING "/trace", trace, sizeof(trace)) < 0)
		return false;
	snprintf(line, sizeof(line), " decision: %s\n", fields);
	return strstr(trace, line);
}

/* The fields of a decision about a file. */
static const char *decision(const char *hook, const char *action,
			    const char *rule, const char *path)
{
	static char fields[256];
	struct stat st;

	if (stat(path, &st))
		return "no file";
	snprintf(fields, sizeof(fields),
		 "op=EXECUTE hook=%s action=%s rule=%s dev=%u:%u ino=%lu", hook,
		 action, rule, major(st.st_dev), minor(st.st_dev), st.st_ino);
	return fields;
}

/* Where a line of the active policy begins, as text. */
static const char *offset_of(const char *line)
{
	static char text[8192], number[16];
	const char *found;

	if (read_file(policy_file(RULES_NAME, "policy"), text,
		      sizeof(text)) < 0)
		return "no policy";
	found = strstr(text, line);
	snprintf(number, sizeof(number), "%td", found ? found - text : -9);
	return number;
}

FIXTURE(trace)
{
};

FIXTURE_SETUP(trace)
{
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, write_string(EVENT "/enable", "1"));
	ASSERT_EQ(0, clear_trace());
}

FIXTURE_TEARDOWN_PARENT(trace)
{
	EXPECT_EQ(0, write_string(EVENT "/enable", "0"));
	EXPECT_EQ(0, write_string(EVENT "/filter", "0"));
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(trace, rule_and_default)
{
	ASSERT_EQ(0, policy_enforce_rules(ALLOW_ONLY("boot_verified=TRUE")));
	EXPECT_EQ(0, try_mmap_path(trusted));
	EXPECT_EQ(-EACCES, try_mmap_path(untrusted));
	EXPECT_TRUE(traced(decision("MMAP", "ALLOW", offset_of("op=EXECUTE"),
				    trusted)));
	EXPECT_TRUE(traced(decision("MMAP", "DENY", BY_POLICY, untrusted)));
}

TEST_F(trace, default_of_an_operation)
{
	ASSERT_EQ(0, policy_enforce_rules("DEFAULT action=ALLOW\n"
					  "DEFAULT op=EXECUTE action=DENY\n"
					  "op=EXECUTE boot_verified=TRUE "
					  "action=ALLOW\n"));
	EXPECT_EQ(-EACCES, try_mprotect_path(untrusted));
	EXPECT_TRUE(traced(decision("MPROTECT", "DENY", BY_OPERATION,
				    untrusted)));
}

/* Each hook that asks about a program. */
TEST_F(trace, execve)
{
	NEEDS_EXECVE_CHECK();
	ASSERT_EQ(0, policy_enforce_rules(ALLOW_ONLY("boot_verified=TRUE")));
	EXPECT_EQ(0, try_execve(trusted));
	EXPECT_EQ(-EACCES, try_execve_check_path(untrusted));
	EXPECT_TRUE(traced(decision("BPRM_CHECK", "ALLOW",
				    offset_of("op=EXECUTE"), trusted)));
	EXPECT_TRUE(traced(decision("BPRM_CREDS_FOR_EXEC", "DENY", BY_POLICY,
				    untrusted)));
}

/* What has no file has no device and no inode. */
TEST_F(trace, anonymous_memory)
{
	ASSERT_EQ(0, policy_enforce_rules(ALLOW_ONLY("boot_verified=TRUE")));
	EXPECT_EQ(-EACCES, try_mmap_anonymous());
	EXPECT_TRUE(traced("op=EXECUTE hook=MMAP action=DENY rule=" BY_POLICY
			   " dev=0:0 ino=0"));
}

/* The verdict is that of the policy, whatever follows from it. */
TEST_F(trace, permissive)
{
	ASSERT_EQ(0, policy_enforce_rules(ALLOW_ONLY("boot_verified=TRUE")));
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_EQ(0, try_mmap_path(untrusted));
	EXPECT_TRUE(traced(decision("MMAP", "DENY", BY_POLICY, untrusted)));
}

TEST_F(trace, filter_by_name)
{
	ASSERT_EQ(0, write_string(EVENT "/filter", "hook == \"MPROTECT\""));
	ASSERT_EQ(0, policy_enforce_rules(ALLOW_ONLY("boot_verified=TRUE")));
	EXPECT_EQ(-EACCES, try_mmap_path(untrusted));
	EXPECT_EQ(-EACCES, try_mprotect_path(untrusted));
	EXPECT_FALSE(traced(decision("MMAP", "DENY", BY_POLICY, untrusted)));
	EXPECT_TRUE(traced(decision("MPROTECT", "DENY", BY_POLICY, untrusted)));
}

/* The verdict is that of the active policy, which the trial does not change. */
TEST_F(trace, trial)
{
	ASSERT_EQ(0, policy_enforce_rules(ALLOW_ONLY("boot_verified=TRUE")));
	if (access(policy_file(RULES_NAME, "trial"), F_OK))
		SKIP(return, "the kernel has no trials");
	ASSERT_EQ(0, policy_load(ON_TRIAL, NULL,
				 DENY_JUST("boot_verified=TRUE")));
	ASSERT_EQ(0, write_string(policy_file(ON_TRIAL, "trial"), "1"));
	EXPECT_EQ(0, try_mmap_path(trusted));
	EXPECT_EQ(-EACCES, try_mmap_path(untrusted));
	EXPECT_TRUE(traced(decision("MMAP", "ALLOW", offset_of("op=EXECUTE"),
				    trusted)));
	EXPECT_TRUE(traced(decision("MMAP", "DENY", BY_POLICY, untrusted)));
}

/* Rules are noted while nobody traces, and decisions traced while no rule is. */
TEST_F(trace, beside_unused)
{
	ASSERT_EQ(0, policy_enforce_rules(ALLOW_ONLY("boot_verified=TRUE")));
	ASSERT_EQ(0, write_string(policy_file(RULES_NAME, "unused"), "1"));
	EXPECT_EQ(0, try_mmap_path(trusted));
	EXPECT_TRUE(traced(decision("MMAP", "ALLOW", offset_of("op=EXECUTE"),
				    trusted)));
	ASSERT_EQ(0, write_string(EVENT "/enable", "0"));
	ASSERT_EQ(0, clear_trace());
	EXPECT_EQ(0, try_mmap_path(trusted));
	EXPECT_FALSE(traced(decision("MMAP", "ALLOW", offset_of("op=EXECUTE"),
				     trusted)));
	ASSERT_EQ(0, write_string(policy_file(RULES_NAME, "unused"), "0"));
	ASSERT_EQ(0, write_string(EVENT "/enable", "1"));
	EXPECT_EQ(0, try_mmap_path(trusted));
	EXPECT_TRUE(traced(decision("MMAP", "ALLOW", offset_of("op=EXECUTE"),
				    trusted)));
}

/* A file that is to be loaded as a policy, by its path. */
TEST_F(trace, policy_from_a_file)
{
	char fields[256], path[PATH_MAX];
	struct stat st;

	if (origin_missing())
		SKIP(return, "%s", origin_missing());
	test_path(path, sizeof(path), "origin.pol");
	ASSERT_EQ(0, origin_write(path, ORIGIN_NAME, NULL, ALLOW));
	ASSERT_EQ(0, stat(path, &st));
	ASSERT_EQ(0, policy_enforce_rules(FROM("boot_verified=TRUE")));
	EXPECT_EQ(0, origin_load(path));
	snprintf(fields, sizeof(fields),
		 "op=POLICY hook=KERNEL_READ action=ALLOW rule=%s dev=%u:%u "
		 "ino=%lu",
		 offset_of("op=POLICY"), major(st.st_dev), minor(st.st_dev),
		 st.st_ino);
	EXPECT_TRUE(traced(fields));
	unlink(path);
}

TEST_F(trace, off)
{
	ASSERT_EQ(0, policy_enforce_rules(ALLOW_ONLY("boot_verified=TRUE")));
	ASSERT_EQ(0, write_string(EVENT "/enable", "0"));
	ASSERT_EQ(0, clear_trace());
	EXPECT_EQ(-EACCES, try_mmap_path(untrusted));
	EXPECT_FALSE(traced(decision("MMAP", "DENY", BY_POLICY, untrusted)));
}

static const char *setup(void)
{
	test_path(trusted, sizeof(trusted), "probe");
	if (subject_copy_probe("/tmp", untrusted, sizeof(untrusted)))
		return "the probe cannot be copied to /tmp";
	return NULL;
}

static void teardown(void)
{
	unlink(untrusted);
}

/* What is missing, or NULL. */
static const char *missing(void)
{
	if (access(TRACING "/trace", F_OK))
		mount("tracefs", TRACING, "tracefs", 0, NULL);
	return access(EVENT, F_OK) ? "this kernel has no tracepoint" : NULL;
}

IPE_TEST_MAIN_UNLESS(missing(), setup, teardown)
