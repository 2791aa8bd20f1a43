// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the rules of a policy that have not decided
 */
#include <linux/capability.h>
#include <pthread.h>

#include "harness.h"
#include "access.h"

#define UNUSED policy_file(RULES_NAME, "unused")

/* The first line is the header. */
#define RULES                                                               \
	"DEFAULT action=DENY\n"                                             \
	"op=EXECUTE boot_verified=TRUE action=ALLOW\n"                      \
	"# a comment\n"                                                     \
	"  op=EXECUTE boot_verified=FALSE  action=DENY # all else\n"        \
	"op=KMODULE action=ALLOW\n"
#define TRUSTED "3:1: op=EXECUTE boot_verified=TRUE action=ALLOW\n"
#define UNTRUSTED "5:3: op=EXECUTE boot_verified=FALSE  action=DENY\n"
#define MODULES "6:1: op=KMODULE action=ALLOW\n"

static char trusted[256], untrusted[256];

/* The list, or "errno N". */
static const char *unused(void)
{
	static char list[4096];
	const ssize_t size = read_file(UNUSED, list, sizeof(list));

	if (size < 0)
		snprintf(list, sizeof(list), "errno %zd", -size);
	return list;
}

/* ENODATA */
#define NOTHING_NOTED "errno 61"

FIXTURE(unused)
{
};

FIXTURE_SETUP(unused)
{
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, policy_enforce_rules(RULES));
}

RESET_AFTER(unused)

TEST_F(unused, mode_and_errors)
{
	struct stat st;

	ASSERT_EQ(0, stat(UNUSED, &st));
	EXPECT_EQ(S_IFREG | 0600, st.st_mode);
	EXPECT_EQ(-EINVAL, write_string(UNUSED, ""));
	EXPECT_EQ(-EINVAL, write_string(UNUSED, "junk"));
	EXPECT_STREQ(NOTHING_NOTED, unused());
	ASSERT_EQ(0, cap_effective(CAP_MAC_ADMIN, false));
	EXPECT_EQ(-EPERM, write_string(UNUSED, "1"));
	EXPECT_EQ(0, cap_effective(CAP_MAC_ADMIN, true));
	EXPECT_STREQ(NOTHING_NOTED, unused());
}

TEST_F(unused, nobody_asked)
{
	EXPECT_EQ(0, try_mmap_path(trusted));
	EXPECT_STREQ(NOTHING_NOTED, unused());
	/* Earlier decisions do not count. */
	ASSERT_EQ(0, write_string(UNUSED, "1"));
	EXPECT_STREQ(TRUSTED UNTRUSTED MODULES, unused());
}

TEST_F(unused, rules_that_decide_leave_the_list)
{
	ASSERT_EQ(0, write_string(UNUSED, "1"));
	EXPECT_EQ(0, try_mmap_path(trusted));
	EXPECT_STREQ(UNTRUSTED MODULES, unused());
	EXPECT_EQ(-EACCES, try_mmap_path(untrusted));
	EXPECT_STREQ(MODULES, unused());
	/* Again, and permissive. */
	ASSERT_EQ(0, write_string(UNUSED, "1"));
	EXPECT_STREQ(TRUSTED UNTRUSTED MODULES, unused());
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_EQ(0, try_mmap_path(untrusted));
	EXPECT_STREQ(TRUSTED MODULES, unused());
}

TEST_F(unused, stopped)
{
	ASSERT_EQ(0, write_string(UNUSED, "1"));
	ASSERT_EQ(0, write_string(UNUSED, "0"));
	EXPECT_EQ(0, try_mmap_path(trusted));
	EXPECT_STREQ(NOTHING_NOTED, unused());
	ASSERT_EQ(0, write_string(UNUSED, "0"));
}

/* A new version has other rules, and nobody has asked for them. */
TEST_F(unused, update_ends_it)
{
	struct ipe_version version = ipe_version();

	version.rev++;
	ASSERT_EQ(0, write_string(UNUSED, "1"));
	ASSERT_EQ(0, policy_update(RULES_NAME, &version, RULES));
	EXPECT_STREQ(NOTHING_NOTED, unused());
	EXPECT_EQ(0, try_mmap_path(trusted));
}

/* A policy that does not decide has no rule that does. */
TEST_F(unused, inactive_policy)
{
	ASSERT_EQ(0, policy_load(IPE_PREFIX "_other", NULL,
				 "DEFAULT action=ALLOW\n"
				 "op=EXECUTE action=ALLOW\n"));
	ASSERT_EQ(0, write_string(policy_file(IPE_PREFIX "_other", "unused"),
				  "1"));
	ASSERT_EQ(0, write_string(UNUSED, "1"));
	EXPECT_EQ(0, try_mmap_path(trusted));
	EXPECT_STREQ(UNTRUSTED MODULES, unused());
	ASSERT_EQ(0, policy_activate(IPE_PREFIX "_other"));
	ASSERT_EQ(0, write_string(UNUSED, "1"));
	EXPECT_EQ(0, try_mmap_path(trusted));
	EXPECT_STREQ(TRUSTED UNTRUSTED MODULES, unused());
}

/* Read in pieces, it is one list. */
TEST_F(unused, read_in_pieces)
{
	char list[256] = {}, *end = list;
	ssize_t size;
	int fd;

	ASSERT_EQ(0, write_string(UNUSED, "1"));
	fd = open(UNUSED, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	while ((size = read(fd, end, 7)) > 0) {
		end += size;
		EXPECT_EQ(0, try_mmap_path(trusted));
	}
	EXPECT_EQ(0, size);
	EXPECT_STREQ(TRUSTED UNTRUSTED MODULES, list);
	close(fd);
	EXPECT_STREQ(UNTRUSTED MODULES, unused());
}

TEST_F(unused, deleted_policy)
{
	char list[64];
	int fd;

	ASSERT_EQ(0, write_string(UNUSED, "1"));
	fd = open(UNUSED, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ipe_reset());
	EXPECT_EQ(-1, read(fd, list, sizeof(list)));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-ENOENT, write_fd(fd, "1", 1));
	close(fd);
}

static void *restart(void *stop)
{
	while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED))
		if (write_string(UNUSED, "1"))
			return "1 was refused";
	return NULL;
}

/* Decisions go on while the record is exchanged under them. */
TEST_F(unused, exchanged_while_it_is_written)
{
	bool stop = false;
	pthread_t thread;
	void *wrong;
	int i;

	ASSERT_EQ(0, write_string(UNUSED, "1"));
	ASSERT_EQ(0, pthread_create(&thread, NULL, restart, &stop));
	for (i = 0; i < 2000; i++)
		EXPECT_EQ(0, try_mmap_path(trusted));
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(thread, &wrong));
	EXPECT_EQ(NULL, wrong);
	EXPECT_EQ(0, try_mmap_path(trusted));
	EXPECT_STREQ(UNTRUSTED MODULES, unused());
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

IPE_TEST_MAIN(setup, teardown)
