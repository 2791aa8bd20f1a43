// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - parameters, and how the LSM presents itself
 *
 * Runs first: some tests are about the state after boot, and consider the
 * command line. The program also runs if IPE is not active.
 */
#include <linux/limits.h>
#include <linux/lsm.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kselftest_harness.h"

#include "access.h"
#include "audit.h"
#include "common.h"
#include "interpreter.h"
#include "probe.h"

#ifndef LSM_ID_IPE
#define LSM_ID_IPE 114
#endif
#ifndef __NR_lsm_list_modules
#define __NR_lsm_list_modules 461
#endif

#define PARAMETERS "/sys/module/ipe/parameters"

/* The command line, with a space before and after each word. */
static const char *command_line(void)
{
	static char line[4098] = " ";
	ssize_t len;

	if (!line[1]) {
		len = read_file("/proc/cmdline", line + 1, sizeof(line) - 2);
		if (len > 0 && line[len] == '\n')
			line[len] = ' ';
	}
	return line;
}

/* The value of the last "NAME=" on the command line; NULL if there is none. */
static const char *option(const char *name)
{
	static char value[256];
	char wanted[64];
	const char *at, *found = NULL;

	snprintf(wanted, sizeof(wanted), " %s=", name);
	for (at = command_line(); (at = strstr(at, wanted)); at++)
		found = at + strlen(wanted);
	if (!found)
		return NULL;
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(found, " "),
		 found);
	return value;
}

/* The value of a boolean parameter after boot; an invalid value is ignored. */
static char expected(const char *name, char otherwise)
{
	const char *value = option(name);

	if (!value || !*value)
		return otherwise;
	if (strchr("1yYtT", value[0]))
		return '1';
	if (strchr("0nNfF", value[0]))
		return '0';
	if (value[0] == 'o' || value[0] == 'O') {
		if (value[1] == 'n' || value[1] == 'N')
			return '1';
		if (value[1] == 'f' || value[1] == 'F')
			return '0';
	}
	return otherwise;
}

static bool listed(void)
{
	char names[512];

	if (read_file("/sys/kernel/security/lsm", names, sizeof(names)) < 0)
		return false;
	return strstr(names, "ipe");
}

static bool switched_off(void)
{
	const char *lsm = option("lsm");

	return lsm && !strstr(lsm, "ipe");
}

FIXTURE(parameter)
{
	char path[64];
};

FIXTURE_VARIANT(parameter)
{
	const char *name;
	const char *option;
	const char *file;
	char otherwise;
};

FIXTURE_VARIANT_ADD(parameter, enforce)
{
	.name = "enforce",
	.option = "ipe.enforce",
	.file = IPE_ENFORCE,
	.otherwise = '1',
};

FIXTURE_VARIANT_ADD(parameter, success_audit)
{
	.name = "success_audit",
	.option = "ipe.success_audit",
	.file = IPE_SUCCESS_AUDIT,
	.otherwise = '0',
};

FIXTURE_SETUP(parameter)
{
	snprintf(self->path, sizeof(self->path), PARAMETERS "/%s",
		 variant->name);
}

FIXTURE_TEARDOWN(parameter)
{
}

TEST_F(parameter, mode)
{
	struct stat st;

	ASSERT_EQ(0, stat(self->path, &st));
	EXPECT_EQ(S_IFREG | 0400, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
}

TEST_F(parameter, command_line)
{
	const char want[] = {
		expected(variant->option, variant->otherwise) == '1' ? 'Y' :
								       'N',
		'\n', '\0'
	};
	char value[8];

	ASSERT_EQ(2, read_file(self->path, value, sizeof(value)));
	EXPECT_STREQ(want, value);
}

TEST_F(parameter, file_agrees)
{
	const char want[] = { expected(variant->option, variant->otherwise),
			      '\0' };
	char value[8];

	if (switched_off()) {
		EXPECT_EQ(-ENOENT, read_file(variant->file, value,
					     sizeof(value)));
		return;
	}
	ASSERT_EQ(1, read_file(variant->file, value, sizeof(value)));
	EXPECT_STREQ(want, value);
}

/* The parameter shows the value that was written to the file. */
TEST_F(parameter, follows_file)
{
	char before[8], value[8];
	int i;

	if (switched_off()) {
		EXPECT_EQ(-ENOENT, write_string(variant->file, "1"));
		return;
	}
	ASSERT_EQ(1, read_file(variant->file, before, sizeof(before)));
	for (i = 0; i < 2; i++) {
		const char *state = before[0] == "01"[i] ? "10" : "01";
		const char set[] = { state[i], '\0' };

		ASSERT_EQ(0, write_string(variant->file, set));
		ASSERT_EQ(2, read_file(self->path, value, sizeof(value)));
		EXPECT_EQ(set[0] == '1' ? 'Y' : 'N', value[0]);
	}
	EXPECT_EQ(0, write_string(variant->file, before));
}

TEST_F(parameter, not_writable)
{
	struct stat st;
	int fd;

	ASSERT_EQ(0, stat(self->path, &st));
	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	fd = open(self->path, O_WRONLY);
	EXPECT_EQ(-1, fd);
	EXPECT_EQ(EACCES, errno);
	fd = open(self->path, O_RDONLY);
	EXPECT_EQ(-1, fd);
	EXPECT_EQ(EACCES, errno);
}

/* Even root cannot: the parameter has no store function in sysfs. */
TEST_F(parameter, not_writable_by_root)
{
	char before[8], after[8];

	ASSERT_EQ(2, read_file(self->path, before, sizeof(before)));
	EXPECT_GT(0, write_string(self->path, before[0] == 'Y' ? "N" : "Y"));
	ASSERT_EQ(2, read_file(self->path, after, sizeof(after)));
	EXPECT_STREQ(before, after);
}

/* lsm_list_modules(2) returns the identifier. */
TEST(list_modules)
{
	unsigned int size = 4096;
	uint64_t ids[512];
	bool found = false;
	long count, i;

	count = syscall(__NR_lsm_list_modules, ids, &size, 0);
	ASSERT_LT(0, count);
	EXPECT_EQ(count * sizeof(ids[0]), size);
	for (i = 0; i < count; i++)
		found |= ids[i] == LSM_ID_IPE;
	EXPECT_EQ(!switched_off(), found);
}

TEST(securityfs_list)
{
	EXPECT_EQ(!switched_off(), listed());
}

/* If lsm= omits IPE, there are no files. */
TEST(files_exist)
{
	EXPECT_EQ(switched_off() ? -1 : 0, access(IPE_ROOT, F_OK));
	EXPECT_EQ(switched_off() ? -1 : 0, access(IPE_POLICIES, F_OK));
	EXPECT_EQ(switched_off() ? -1 : 0, access(IPE_NEW_POLICY, F_OK));
}

/* Without a policy everything is allowed, in enforcing mode too. */
TEST(without_policy)
{
	struct ipe_version version;
	char name[256], path[64];

	if (!switched_off() &&
	    policy_active(name, sizeof(name), &version) != -ENOENT)
		SKIP(return, "a policy is active already");
	ASSERT_EQ(0, subject_copy_probe("/tmp", path, sizeof(path)));
	EXPECT_EQ(0, try_execve(path));
	EXPECT_EQ(0, try_mmap_path(path));
	EXPECT_EQ(0, try_mprotect_path(path));
	EXPECT_EQ(0, try_mmap_anonymous());
	EXPECT_EQ(0, unlink(path));
}

/* The same for the accesses that an execution brings; nothing is recorded. */
TEST(without_policy_executions)
{
	char program[PATH_MAX], probe[64], forged[64];
	struct ipe_version version;
	char name[256];
	int audit;

	if (!switched_off() &&
	    policy_active(name, sizeof(name), &version) != -ENOENT)
		SKIP(return, "a policy is active already");
	audit = audit_open();
	ASSERT_LE(0, audit);
	test_path(program, sizeof(program), "interpreted");
	ASSERT_EQ(0, subject_copy_probe("/tmp", probe, sizeof(probe)));
	ASSERT_EQ(0, interpreter_set(probe));
	EXPECT_EQ(0, try_execve(program));

	snprintf(forged, sizeof(forged), "/tmp/forged-%d", getpid());
	ASSERT_EQ(0, interpreter_forge(forged, program));
	ASSERT_EQ(0, interpreter_set(forged));
	EXPECT_EQ(0, try_execve(program));
	interpreter_unset();

	test_path(program, sizeof(program), "inherit32");
	if (!access(program, X_OK))
		EXPECT_EQ(PROBE_RAN + PROBE_PERSONALITY + PROBE_HEAP,
			  run_program(AT_FDCWD, program, 0,
				      set_read_implies_exec, NULL));
	EXPECT_EQ(0, audit_count(audit, AUDIT_IPE_ACCESS));
	audit_close(audit);
	EXPECT_EQ(0, unlink(probe));
	EXPECT_EQ(0, unlink(forged));
}

int main(int argc, char **argv)
{
	if (getuid()) {
		ksft_print_header();
		ksft_exit_skip("root is needed\n");
	}
	if (access("/sys/kernel/security/lsm", F_OK))
		mount("securityfs", "/sys/kernel/security", "securityfs", 0,
		      NULL);
	if (!switched_off() && access(IPE_ROOT, F_OK)) {
		ksft_print_header();
		ksft_exit_skip("IPE is not active in this kernel\n");
	}
	return test_harness_run(argc, argv);
}
