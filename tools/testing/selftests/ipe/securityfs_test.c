// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the nodes: modes, contents, privileges, what they take and refuse
 */
#include <linux/capability.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "harness.h"

#define NAME IPE_PREFIX "_node"
#define RULES "DEFAULT action=ALLOW\n"
#define TEXT "policy_name=" NAME " policy_version=1.2.3\n" RULES

static const struct ipe_version version = { 1, 2, 3 };

/* Not mapped; volatile, so that the compiler does not see that. */
static char *volatile nowhere = (char *)8;

/* Each node, what it has and what it says to each kind of write. */
FIXTURE(node)
{
	const char *path;
	char before[65];
};

FIXTURE_VARIANT(node)
{
	const char *path;
	mode_t mode;
	/* What reading gives, NULL where the node cannot be read. */
	const char *content;
	bool writable;
	/* Errors of writing nothing, garbage, 16 MiB of it, and one byte more. */
	int nothing;
	int garbage;
	int large;
	int too_large;
};

#define SWITCH_ERRORS                                                   \
	.writable = true, .nothing = -EINVAL, .garbage = -EINVAL,       \
	.large = -EINVAL, .too_large = -EINVAL
#define POLICY_ERRORS                                                   \
	.writable = true, .nothing = -EBADMSG, .garbage = -EBADMSG,     \
	.large = -EBADMSG, .too_large = -EFBIG
#define READ_ONLY                                                       \
	.mode = 0444, .nothing = -EINVAL, .garbage = -EINVAL,           \
	.large = -EINVAL, .too_large = -EINVAL

FIXTURE_VARIANT_ADD(node, enforce)
{
	.path = IPE_ENFORCE,
	.mode = 0600,
	.content = "1",
	SWITCH_ERRORS,
};

FIXTURE_VARIANT_ADD(node, success_audit)
{
	.path = IPE_SUCCESS_AUDIT,
	.mode = 0600,
	.content = "0",
	SWITCH_ERRORS,
};

FIXTURE_VARIANT_ADD(node, new_policy)
{
	.path = IPE_NEW_POLICY,
	.mode = 0200,
	POLICY_ERRORS,
};

FIXTURE_VARIANT_ADD(node, name)
{
	.path = IPE_POLICIES "/" NAME "/name",
	.content = NAME,
	READ_ONLY,
};

FIXTURE_VARIANT_ADD(node, version)
{
	.path = IPE_POLICIES "/" NAME "/version",
	.content = "1.2.3",
	READ_ONLY,
};

FIXTURE_VARIANT_ADD(node, policy)
{
	.path = IPE_POLICIES "/" NAME "/policy",
	.content = TEXT,
	READ_ONLY,
};

FIXTURE_VARIANT_ADD(node, pkcs7)
{
	.path = IPE_POLICIES "/" NAME "/pkcs7",
	/* What the fixture loaded. */
	.content = "",
	READ_ONLY,
};

FIXTURE_VARIANT_ADD(node, active)
{
	.path = IPE_POLICIES "/" NAME "/active",
	.mode = 0600,
	.content = "0",
	SWITCH_ERRORS,
};

FIXTURE_VARIANT_ADD(node, update)
{
	.path = IPE_POLICIES "/" NAME "/update",
	.mode = 0200,
	POLICY_ERRORS,
};

FIXTURE_VARIANT_ADD(node, delete)
{
	.path = IPE_POLICIES "/" NAME "/delete",
	.mode = 0200,
	SWITCH_ERRORS,
};

static struct blob node_policy;

FIXTURE_SETUP(node)
{
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, sign_blob(TEXT, strlen(TEXT), SIGN_DER, &node_policy));
	ASSERT_EQ(0, policy_submit(IPE_NEW_POLICY, node_policy.data,
				   node_policy.len));
	ASSERT_EQ(0, ipe_snapshot(self->before));
	self->path = variant->path;
}

RESET_AFTER(node)

TEST_F(node, mode)
{
	struct stat st;

	ASSERT_EQ(0, stat(self->path, &st));
	EXPECT_EQ(S_IFREG | variant->mode, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
	EXPECT_EQ(0, st.st_size);
}

static size_t content(const FIXTURE_VARIANT(node) *variant, const void **data)
{
	if (*variant->content) {
		*data = variant->content;
		return strlen(variant->content);
	}
	*data = node_policy.data;
	return node_policy.len;
}

TEST_F(node, read)
{
	const void *want;
	char got[8192];
	size_t len;

	if (!variant->content) {
		/* Root may open it, but there is no way to read. */
		EXPECT_EQ(-EINVAL, read_file(self->path, got, sizeof(got)));
		return;
	}
	len = content(variant, &want);
	ASSERT_EQ(len, read_file(self->path, got, sizeof(got)));
	EXPECT_EQ(0, memcmp(want, got, len));
}

/* From any offset, in any piece; nothing behind the end. */
TEST_F(node, read_pieces)
{
	const void *want;
	char got[8192];
	size_t len, at;
	int fd;

	fd = open(self->path, O_RDONLY);
	ASSERT_LE(0, fd);
	if (!variant->content) {
		EXPECT_EQ(-1, pread(fd, got, 1, 0));
		EXPECT_EQ(EINVAL, errno);
		return;
	}
	len = content(variant, &want);
	for (at = 0; at < len; at++) {
		const size_t left = len - at;

		/* The whole rest, with room for more. */
		ASSERT_EQ(left, pread(fd, got, sizeof(got), at));
		ASSERT_EQ(0, memcmp(want + at, got, left));
		/* Byte by byte. */
		ASSERT_EQ(1, read(fd, got, 1));
		ASSERT_EQ(((const char *)want)[at], got[0]);
	}
	EXPECT_EQ(0, read(fd, got, sizeof(got)));
	EXPECT_EQ(0, pread(fd, got, sizeof(got), len));
	EXPECT_EQ(0, pread(fd, got, sizeof(got), 1UL << 40));
	EXPECT_EQ(0, pread(fd, got, 0, 0));
	EXPECT_EQ(-1, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(0, close(fd));
}

TEST_F(node, read_bad_address)
{
	int fd = open(self->path, O_RDONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, read(fd, nowhere, 1));
	EXPECT_EQ(variant->content ? EFAULT : EINVAL, errno);
	EXPECT_EQ(0, close(fd));
}

TEST_F(node, write_nothing)
{
	EXPECT_EQ(variant->nothing, write_file(self->path, "", 0));
	expect_unchanged(_metadata, self->before);
}

TEST_F(node, write_one_byte)
{
	EXPECT_EQ(variant->garbage, write_file(self->path, "x", 1));
	expect_unchanged(_metadata, self->before);
}

TEST_F(node, write_garbage)
{
	static const char garbage[] = "\xff\xfe garbage \0 that is no policy\n";

	EXPECT_EQ(variant->garbage,
		  write_file(self->path, garbage, sizeof(garbage)));
	expect_unchanged(_metadata, self->before);
}

/* Bytes of every value: whatever they are, they are no boolean and no policy. */
TEST_F(node, write_any_first_byte)
{
	int byte;

	for (byte = 0; byte < 256; byte++) {
		const char two[] = { byte, '\x02' };

		/* These are booleans of kstrtobool() already. */
		if (variant->writable && variant->garbage == -EINVAL && byte &&
		    strchr("01yYnNtTfFeEdD", byte))
			continue;
		EXPECT_EQ(variant->garbage, write_file(self->path, two, 2))
		{
			TH_LOG("the first byte is %#x", byte);
		}
	}
	expect_unchanged(_metadata, self->before);
}

TEST_F(node, write_16mib)
{
	char *data = malloc(16 * MIB + 1);

	ASSERT_NE(NULL, data);
	memset(data, 'x', 16 * MIB + 1);
	EXPECT_EQ(variant->large, write_file(self->path, data, 16 * MIB));
	expect_unchanged(_metadata, self->before);
	EXPECT_EQ(variant->too_large,
		  write_file(self->path, data, 16 * MIB + 1));
	expect_unchanged(_metadata, self->before);
	free(data);
}

TEST_F(node, write_bad_address)
{
	int fd = open(self->path, O_WRONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, write(fd, nowhere, 1));
	EXPECT_EQ(variant->writable ? EFAULT : EINVAL, errno);
	EXPECT_EQ(0, close(fd));
	expect_unchanged(_metadata, self->before);
}

/* Who may not write gets EPERM, except where there is no way to write. */
static int denied(const FIXTURE_VARIANT(node) *variant)
{
	return variant->writable ? -EPERM : -EINVAL;
}

/* Root without CAP_MAC_ADMIN may open, but not write: not even what is wrong. */
TEST_F(node, without_capability)
{
	char *data = malloc(16 * MIB);

	ASSERT_NE(NULL, data);
	memset(data, '1', 16 * MIB);
	ASSERT_EQ(0, cap_drop(CAP_MAC_ADMIN));
	EXPECT_EQ(denied(variant), write_file(self->path, "", 0));
	EXPECT_EQ(denied(variant), write_file(self->path, "0", 1));
	EXPECT_EQ(denied(variant), write_file(self->path, "1", 1));
	EXPECT_EQ(denied(variant), write_file(self->path, data, 16 * MIB));
	EXPECT_EQ(denied(variant), write_file(self->path, node_policy.data,
					      node_policy.len));
	expect_unchanged(_metadata, self->before);
	free(data);
}

/* Reading takes no capability of IPE. */
TEST_F(node, read_without_capability)
{
	const void *want;
	char got[8192];
	size_t len;

	ASSERT_EQ(0, cap_drop(CAP_MAC_ADMIN));
	if (!variant->content) {
		EXPECT_EQ(-EINVAL, read_file(self->path, got, sizeof(got)));
		return;
	}
	len = content(variant, &want);
	ASSERT_EQ(len, read_file(self->path, got, sizeof(got)));
	EXPECT_EQ(0, memcmp(want, got, len));
}

TEST_F(node, other_user)
{
	const bool world = variant->mode & 0004;
	char got[8192];
	ssize_t len;

	ASSERT_EQ(0, setresgid(65534, 65534, 65534));
	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	EXPECT_EQ(-EACCES, write_file(self->path, "", 0));
	EXPECT_EQ(-EACCES, write_file(self->path, "1", 1));
	len = read_file(self->path, got, sizeof(got));
	if (world) {
		EXPECT_LT(0, len);
	} else {
		EXPECT_EQ(-EACCES, len);
	}
}

/* What counts is the capability of whoever opened the file. */
TEST_F(node, opened_with_capability)
{
	int fd = open(self->path, O_WRONLY);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, cap_drop(CAP_MAC_ADMIN));
	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	EXPECT_EQ(variant->garbage, write_fd(fd, "x", 1));
	EXPECT_EQ(0, close(fd));
}

TEST_F(node, opened_without_capability)
{
	int fd;

	ASSERT_EQ(0, cap_effective(CAP_MAC_ADMIN, false));
	fd = open(self->path, O_WRONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, cap_effective(CAP_MAC_ADMIN, true));
	EXPECT_EQ(denied(variant), write_fd(fd, "x", 1));
	EXPECT_EQ(denied(variant), write_fd(fd, "1", 1));
	EXPECT_EQ(0, close(fd));
	expect_unchanged(_metadata, self->before);
}

/* A capability in a user namespace is none over the machine. */
TEST_F(node, in_user_namespace)
{
	if (unshare(CLONE_NEWUSER))
		SKIP(return, "no user namespaces: %s", strerror(errno));
	/* All that matters is that root stays root, and owner of the node. */
	write_string("/proc/self/uid_map", "0 0 1\n");
	/* Where the owner may not write, there is nobody to override it. */
	EXPECT_EQ(variant->writable ? -EPERM : -EACCES,
		  write_file(self->path, "1", 1));
	expect_unchanged(_metadata, self->before);
}

/* The forms of kstrtobool(), of which only the first bytes count. */
FIXTURE(boolean)
{
};

FIXTURE_VARIANT(boolean)
{
	const char *text;
	size_t len;
	/* 0, 1, or -EINVAL. */
	int value;
};

#define BOOLEAN(name, string, result)                                   \
	FIXTURE_VARIANT_ADD(boolean, name)                              \
	{                                                               \
		.text = string, .len = sizeof(string) - 1, .value = result, \
	}

/* clang-format off */
BOOLEAN(one, "1", 1);
BOOLEAN(one_newline, "1\n", 1);
BOOLEAN(one_more, "10", 1);
BOOLEAN(one_long, "1 and a lot of text that nobody looks at", 1);
BOOLEAN(zero, "0", 0);
BOOLEAN(zero_newline, "0\n", 0);
BOOLEAN(zero_one, "01", 0);
BOOLEAN(y, "y", 1);
BOOLEAN(Y, "Y", 1);
BOOLEAN(yes, "yes\n", 1);
BOOLEAN(t, "t", 1);
BOOLEAN(T, "TRUE", 1);
BOOLEAN(n, "n", 0);
BOOLEAN(N, "NO\n", 0);
BOOLEAN(f, "f", 0);
BOOLEAN(F, "False", 0);
BOOLEAN(e, "enable\n", 1);
BOOLEAN(E, "E", 1);
BOOLEAN(d, "disable\n", 0);
BOOLEAN(D, "D", 0);
BOOLEAN(on, "on", 1);
BOOLEAN(on_upper, "ON\n", 1);
BOOLEAN(on_mixed, "oN", 1);
BOOLEAN(off, "off", 0);
BOOLEAN(off_upper, "OFF\n", 0);
BOOLEAN(of, "of", 0);
BOOLEAN(o, "o", -EINVAL);
BOOLEAN(other_o, "oh", -EINVAL);
BOOLEAN(two, "2", -EINVAL);
BOOLEAN(minus_one, "-1", -EINVAL);
BOOLEAN(blank_one, " 1", -EINVAL);
BOOLEAN(newline, "\n", -EINVAL);
BOOLEAN(newline_one, "\n1", -EINVAL);
BOOLEAN(nul, "\0", -EINVAL);
BOOLEAN(nul_one, "\0001", -EINVAL);
BOOLEAN(one_nul, "1\0", 1);
BOOLEAN(empty, "", -EINVAL);
/* clang-format on */

RESET_AROUND(boolean)

static void check_switch(struct __test_metadata *_metadata, const char *node,
			 const FIXTURE_VARIANT(boolean) *variant)
{
	char value[8];
	int start;

	for (start = 0; start <= 1; start++) {
		const char set[] = { "01"[start], '\0' };

		ASSERT_EQ(0, write_string(node, set));
		EXPECT_EQ(variant->value < 0 ? variant->value : 0,
			  write_file(node, variant->text, variant->len));
		ASSERT_EQ(1, read_file(node, value, sizeof(value)));
		EXPECT_EQ("01"[variant->value < 0 ? start : variant->value],
			  value[0]);
	}
}

TEST_F(boolean, enforce)
{
	check_switch(_metadata, IPE_ENFORCE, variant);
}

TEST_F(boolean, success_audit)
{
	check_switch(_metadata, IPE_SUCCESS_AUDIT, variant);
}

/* Only true activates; there is no way to deactivate. */
TEST_F(boolean, active)
{
	char value[8];

	ASSERT_EQ(0, policy_load(NAME, NULL, RULES));
	EXPECT_EQ(variant->value == 1 ? 0 : -EINVAL,
		  write_file(policy_node(NAME, "active"), variant->text,
			     variant->len));
	ASSERT_EQ(1, read_file(policy_node(NAME, "active"), value,
			       sizeof(value)));
	EXPECT_EQ(variant->value == 1 ? '1' : '0', value[0]);
}

TEST_F(boolean, delete)
{
	ASSERT_EQ(0, policy_load(NAME, NULL, RULES));
	EXPECT_EQ(variant->value == 1 ? 0 : -EINVAL,
		  write_file(policy_node(NAME, "delete"), variant->text,
			     variant->len));
	EXPECT_EQ(variant->value != 1, policy_exists(NAME));
}

/* 16 MiB that begin like a boolean are one. */
TEST(boolean_16mib)
{
	char *data = malloc(16 * MIB), value[8];

	ASSERT_NE(NULL, data);
	memset(data, '0', 16 * MIB);
	EXPECT_EQ(0, write_file(IPE_ENFORCE, data, 16 * MIB));
	ASSERT_EQ(1, read_file(IPE_ENFORCE, value, sizeof(value)));
	EXPECT_EQ('0', value[0]);
	free(data);
	EXPECT_EQ(0, ipe_reset());
}

/* The tree as a whole. */
TEST(folders)
{
	struct stat st;

	ASSERT_EQ(0, stat(IPE_ROOT, &st));
	EXPECT_EQ(S_IFDIR | 0755, st.st_mode);
	ASSERT_EQ(0, stat(IPE_POLICIES, &st));
	EXPECT_EQ(S_IFDIR | 0755, st.st_mode);
	/* Nobody makes or removes policies past the nodes. */
	EXPECT_NE(0, mkdir(IPE_POLICIES "/" NAME, 0755));
	EXPECT_NE(0, rmdir(IPE_POLICIES));
	EXPECT_NE(0, unlink(IPE_ENFORCE));
	EXPECT_NE(0, rename(IPE_ENFORCE, IPE_SUCCESS_AUDIT));
	EXPECT_GT(0, open(IPE_ROOT "/more", O_CREAT | O_WRONLY, 0600));
	EXPECT_EQ(0, access(IPE_ENFORCE, F_OK));
}

/* The life of a policy, from loading to deletion. */
FIXTURE(life)
{
	struct ipe_version in_force;
	char before[65];
};

FIXTURE_SETUP(life)
{
	ASSERT_EQ(0, ipe_reset());
	self->in_force = ipe_version();
	ASSERT_EQ(0, policy_load(NAME, NULL, RULES));
	ASSERT_EQ(0, ipe_snapshot(self->before));
}

RESET_AFTER(life)

static struct ipe_version plus(const struct ipe_version *from, int rev)
{
	struct ipe_version version = *from;

	version.rev += rev;
	return version;
}

static char is_active(const char *name)
{
	char value[8] = "?";

	read_file(policy_node(name, "active"), value, sizeof(value));
	return value[0];
}

TEST_F(life, loading_does_not_activate)
{
	EXPECT_EQ('0', is_active(NAME));
}

TEST_F(life, activate)
{
	char name[256];
	struct ipe_version version;

	EXPECT_EQ(0, policy_activate(NAME));
	EXPECT_EQ('1', is_active(NAME));
	/* Exactly one is active. */
	EXPECT_EQ('0', is_active(IPE_PREFIX "_base"));
	ASSERT_EQ(0, policy_active(name, sizeof(name), &version));
	EXPECT_STREQ(NAME, name);
}

TEST_F(life, activate_again)
{
	ASSERT_EQ(0, policy_activate(NAME));
	EXPECT_EQ(0, policy_activate(NAME));
	EXPECT_EQ('1', is_active(NAME));
}

TEST_F(life, same_name_again)
{
	EXPECT_EQ(-EEXIST, policy_load(NAME, NULL, RULES));
	expect_unchanged(_metadata, self->before);
}

TEST_F(life, same_name_higher_version)
{
	const struct ipe_version higher = plus(&self->in_force, 1);

	EXPECT_EQ(-EEXIST, policy_load(NAME, &higher, RULES));
	expect_unchanged(_metadata, self->before);
}

TEST_F(life, update)
{
	const struct ipe_version higher = plus(&self->in_force, 1);
	char text[256], got[512], want[32];
	struct blob policy;
	ssize_t len;

	ASSERT_EQ(0, policy_sign(&policy, NAME, &higher,
				 "DEFAULT action=DENY\n", SIGN_DER));
	ASSERT_EQ(0, policy_submit(policy_node(NAME, "update"), policy.data,
				   policy.len));
	snprintf(want, sizeof(want), "%hu.%hu.%hu", higher.major, higher.minor,
		 higher.rev);
	ASSERT_LT(0, read_file(policy_node(NAME, "version"), text,
			       sizeof(text)));
	EXPECT_STREQ(want, text);
	snprintf(text, sizeof(text), "policy_name=" NAME
		 " policy_version=%s\nDEFAULT action=DENY\n", want);
	ASSERT_LT(0, read_file(policy_node(NAME, "policy"), got, sizeof(got)));
	EXPECT_STREQ(text, got);
	/* An update of a policy that is not active does not activate it. */
	EXPECT_EQ('0', is_active(NAME));

	blob_free(&policy);
	ASSERT_EQ(0, blob_read(policy_node(NAME, "name"), &policy));
	blob_free(&policy);
	len = read_file(policy_node(NAME, "name"), got, sizeof(got));
	EXPECT_EQ(strlen(NAME), len);
}

/* What an active policy is updated to is active at once. */
TEST_F(life, update_active)
{
	const struct ipe_version higher = plus(&self->in_force, 1);
	struct ipe_version now;

	ASSERT_EQ(0, policy_activate(NAME));
	ASSERT_EQ(0, policy_update(NAME, &higher, RULES));
	EXPECT_EQ('1', is_active(NAME));
	now = ipe_version();
	EXPECT_EQ(higher.rev, now.rev);
	/* Others with the version of before are too old by now. */
	EXPECT_EQ(-ESTALE, policy_activate(IPE_PREFIX "_base"));
	EXPECT_EQ('1', is_active(NAME));
}

TEST_F(life, update_same_version)
{
	EXPECT_EQ(-ESTALE, policy_update(NAME, &self->in_force,
					 "DEFAULT action=DENY\n"));
	expect_unchanged(_metadata, self->before);
}

TEST_F(life, update_same_text_other_signature)
{
	struct blob policy;

	ASSERT_EQ(0, policy_sign(&policy, NAME, &self->in_force, RULES,
				 SIGN_APPENDED));
	EXPECT_EQ(-ESTALE, policy_submit(policy_node(NAME, "update"),
					 policy.data, policy.len));
	blob_free(&policy);
	expect_unchanged(_metadata, self->before);
}

/* The very same bytes are accepted, and change nothing. */
TEST_F(life, update_same_bytes)
{
	struct blob policy;

	ASSERT_EQ(0, blob_read(policy_node(NAME, "pkcs7"), &policy));
	/* The size that stat(2) tells is 0. */
	policy.data = realloc(policy.data, 8192);
	ASSERT_NE(NULL, policy.data);
	policy.len = read_file(policy_node(NAME, "pkcs7"), policy.data, 8192);
	ASSERT_LT(100, policy.len);
	EXPECT_EQ(0, policy_submit(policy_node(NAME, "update"), policy.data,
				   policy.len));
	expect_unchanged(_metadata, self->before);
	/* It is no way around new_policy, which says that the name is taken. */
	EXPECT_EQ(-EEXIST, policy_submit(IPE_NEW_POLICY, policy.data,
					 policy.len));
	expect_unchanged(_metadata, self->before);
	blob_free(&policy);
}

TEST_F(life, update_same_bytes_active)
{
	char policy[8192];
	ssize_t len;

	ASSERT_EQ(0, policy_activate(NAME));
	len = read_file(policy_node(NAME, "pkcs7"), policy, sizeof(policy));
	ASSERT_LT(100, len);
	EXPECT_EQ(0, policy_submit(policy_node(NAME, "update"), policy, len));
	EXPECT_EQ('1', is_active(NAME));
}

/* Versions are numbers, not text, and the first one weighs most. */
TEST_F(life, update_order_of_versions)
{
	static const struct ipe_version rising[] = {
		{ 100, 0, 9 },	   { 100, 0, 10 },	 { 100, 0, 65535 },
		{ 100, 1, 0 },	   { 100, 9, 65535 },	 { 100, 10, 0 },
		{ 100, 65535, 0 }, { 101, 0, 0 },	 { 65535, 0, 0 },
		{ 65535, 0, 1 },   { 65535, 65535, 65535 },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(rising); i++) {
		ASSERT_EQ(0, policy_update(NAME, &rising[i], RULES))
		{
			TH_LOG("version %u", i);
		}
		/* None of those before it any more, nor itself. */
		for (j = 0; j <= i; j++)
			EXPECT_EQ(-ESTALE, policy_update(NAME, &rising[j],
							 "DEFAULT action=DENY\n"))
			{
				TH_LOG("version %u after %u", j, i);
			}
	}
}

TEST_F(life, update_other_name)
{
	const struct ipe_version higher = plus(&self->in_force, 1);
	struct blob policy;

	ASSERT_EQ(0, policy_sign(&policy, NAME "2", &higher, RULES, SIGN_DER));
	EXPECT_EQ(-EINVAL, policy_submit(policy_node(NAME, "update"),
					 policy.data, policy.len));
	blob_free(&policy);
	expect_unchanged(_metadata, self->before);

	/* A name that begins like the other one is another name, too. */
	ASSERT_EQ(0, policy_sign(&policy, IPE_PREFIX "_nod", &higher, RULES,
				 SIGN_DER));
	EXPECT_EQ(-EINVAL, policy_submit(policy_node(NAME, "update"),
					 policy.data, policy.len));
	blob_free(&policy);
	expect_unchanged(_metadata, self->before);
}

/* The name counts before the version. */
TEST_F(life, update_other_name_older)
{
	const struct ipe_version none = {};
	struct blob policy;

	ASSERT_EQ(0, policy_sign(&policy, NAME "2", &none, RULES, SIGN_DER));
	EXPECT_EQ(-EINVAL, policy_submit(policy_node(NAME, "update"),
					 policy.data, policy.len));
	blob_free(&policy);
	expect_unchanged(_metadata, self->before);
}

TEST_F(life, activate_older)
{
	const struct ipe_version higher = plus(&self->in_force, 1);

	ASSERT_EQ(0, policy_load(NAME "2", &higher, RULES));
	ASSERT_EQ(0, policy_activate(NAME "2"));
	EXPECT_EQ(-ESTALE, policy_activate(NAME));
	EXPECT_EQ('1', is_active(NAME "2"));
	EXPECT_EQ('0', is_active(NAME));
	/* An update brings it up to date. */
	EXPECT_EQ(0, policy_update(NAME, &higher, RULES));
	EXPECT_EQ(0, policy_activate(NAME));
	EXPECT_EQ('1', is_active(NAME));
	EXPECT_EQ('0', is_active(NAME "2"));
}

TEST_F(life, activate_same_version)
{
	ASSERT_EQ(0, policy_load(NAME "2", NULL, RULES));
	EXPECT_EQ(0, policy_activate(NAME "2"));
	EXPECT_EQ(0, policy_activate(NAME));
	EXPECT_EQ(0, policy_activate(NAME "2"));
	EXPECT_EQ('1', is_active(NAME "2"));
}

TEST_F(life, delete)
{
	EXPECT_EQ(0, policy_delete(NAME));
	EXPECT_EQ(-1, access(IPE_POLICIES "/" NAME, F_OK));
	EXPECT_EQ(ENOENT, errno);
	/* The name is free again, and an older version may have it. */
	EXPECT_EQ(0, policy_load(NAME, NULL, RULES));
}

TEST_F(life, delete_active)
{
	char active[65];

	ASSERT_EQ(0, policy_activate(NAME));
	ASSERT_EQ(0, ipe_snapshot(active));
	EXPECT_EQ(-EPERM, policy_delete(NAME));
	expect_unchanged(_metadata, active);
	/* Not active any more, it can go. */
	ASSERT_EQ(0, policy_activate(IPE_PREFIX "_base"));
	EXPECT_EQ(0, policy_delete(NAME));
	EXPECT_FALSE(policy_exists(NAME));
}

/*
 * What systemd does with a policy at boot, and again after switch-root: updates
 * what is there, else loads it, then activates it. Only ESTALE may stop it from
 * being activated.
 */
static int deploy(const struct blob *policy)
{
	size_t at, len;
	int fd, err;

	fd = open(policy_node(NAME "3", "update"), O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		fd = open(IPE_NEW_POLICY, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (at = 0; at < policy->len; at += len) {
		len = policy->len - at < 512 ? policy->len - at : 512;
		err = write_fd(fd, policy->data + at, len);
		if (err) {
			close(fd);
			return err;
		}
	}
	if (close(fd))
		return -errno;
	return write_string(policy_node(NAME "3", "active"), "1\n");
}

TEST_F(life, deployed_twice)
{
	struct ipe_version version = self->in_force;
	struct blob policy, newer;

	ASSERT_EQ(0, policy_sign(&policy, NAME "3", NULL, RULES, SIGN_DER));
	EXPECT_EQ(0, deploy(&policy));
	EXPECT_EQ('1', is_active(NAME "3"));
	EXPECT_EQ(0, deploy(&policy));
	EXPECT_EQ('1', is_active(NAME "3"));
	/* A newer one comes after it, and the older one once more. */
	version.rev++;
	ASSERT_EQ(0, policy_sign(&newer, NAME "3", &version, RULES, SIGN_DER));
	EXPECT_EQ(0, deploy(&newer));
	EXPECT_EQ('1', is_active(NAME "3"));
	EXPECT_EQ(-ESTALE, deploy(&policy));
	EXPECT_EQ('1', is_active(NAME "3"));
	EXPECT_EQ(version.rev, ipe_version().rev);
	blob_free(&policy);
	blob_free(&newer);
}

/* Files that are open when the policy goes answer ENOENT from then on. */
FIXTURE(open_file)
{
	int fd;
};

FIXTURE_VARIANT(open_file)
{
	const char *node;
	bool read;
	bool write;
};

FIXTURE_VARIANT_ADD(open_file, pkcs7) { .node = "pkcs7", .read = true };
FIXTURE_VARIANT_ADD(open_file, policy) { .node = "policy", .read = true };
FIXTURE_VARIANT_ADD(open_file, name) { .node = "name", .read = true };
FIXTURE_VARIANT_ADD(open_file, version) { .node = "version", .read = true };
FIXTURE_VARIANT_ADD(open_file, active)
{
	.node = "active", .read = true, .write = true
};
FIXTURE_VARIANT_ADD(open_file, update) { .node = "update", .write = true };
FIXTURE_VARIANT_ADD(open_file, delete) { .node = "delete", .write = true };

FIXTURE_SETUP(open_file)
{
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, policy_load(NAME, &version, RULES));
	self->fd = open(policy_node(NAME, variant->node),
			!variant->write ? O_RDONLY :
			variant->read	? O_RDWR :
					  O_WRONLY);
	ASSERT_LE(0, self->fd);
}

RESET_AFTER(open_file)

static void expect_gone(struct __test_metadata *_metadata, int fd,
			const FIXTURE_VARIANT(open_file) *variant)
{
	const struct ipe_version higher = { 1, 2, 4 };
	struct blob policy;
	char byte;

	if (variant->read) {
		EXPECT_EQ(-1, pread(fd, &byte, 1, 0));
		EXPECT_EQ(ENOENT, errno);
	}
	if (!variant->write)
		return;
	if (!strcmp(variant->node, "update")) {
		ASSERT_EQ(0, policy_sign(&policy, NAME, &higher, RULES,
					 SIGN_DER));
		EXPECT_EQ(-ENOENT, write_fd(fd, policy.data, policy.len));
		blob_free(&policy);
	} else {
		EXPECT_EQ(-ENOENT, write_fd(fd, "1", 1));
	}
}

TEST_F(open_file, deleted)
{
	char before[65];

	ASSERT_EQ(0, policy_delete(NAME));
	ASSERT_EQ(0, ipe_snapshot(before));
	expect_gone(_metadata, self->fd, variant);
	expect_unchanged(_metadata, before);
	EXPECT_EQ(0, close(self->fd));
}

/* Another policy of that name is not theirs. */
TEST_F(open_file, deleted_and_loaded)
{
	char before[65];

	ASSERT_EQ(0, policy_delete(NAME));
	ASSERT_EQ(0, policy_load(NAME, &version, RULES));
	ASSERT_EQ(0, ipe_snapshot(before));
	expect_gone(_metadata, self->fd, variant);
	expect_unchanged(_metadata, before);
	EXPECT_EQ(0, close(self->fd));
}

/* After an update they show what is new. */
TEST_F(open_file, updated)
{
	const struct ipe_version higher = { 1, 2, 4 };
	char got[8192], now[8192];
	ssize_t len;

	ASSERT_EQ(0, policy_update(NAME, &higher, "DEFAULT action=DENY\n"));
	if (!variant->read) {
		/* Those that write are about the new one, too. */
		if (!strcmp(variant->node, "update")) {
			EXPECT_EQ(-EBADMSG, write_fd(self->fd, "x", 1));
		} else {
			EXPECT_EQ(0, write_fd(self->fd, "1", 1));
			EXPECT_FALSE(policy_exists(NAME));
		}
		return;
	}
	len = pread(self->fd, got, sizeof(got), 0);
	ASSERT_LT(0, len);
	ASSERT_EQ(len, read_file(policy_node(NAME, variant->node), now,
				 sizeof(now)));
	EXPECT_EQ(0, memcmp(got, now, len));
	EXPECT_EQ(0, close(self->fd));
}

/* What is read in pieces is of one policy, whatever comes between them. */
TEST_F(open_file, updated_between)
{
	const struct ipe_version higher = { 4, 5, 678 };
	char before[8192], now[8192], got[8192];
	ssize_t len;

	if (!variant->read)
		return;
	len = read_file(policy_node(NAME, variant->node), before,
			sizeof(before));
	ASSERT_LT(0, len);
	ASSERT_EQ(1, read(self->fd, got, 1));
	ASSERT_EQ(0, policy_update(NAME, &higher,
				   RULES "# This text is a longer one.\n"));
	EXPECT_EQ(len - 1, read(self->fd, got + 1, sizeof(got) - 1));
	EXPECT_EQ(0, memcmp(before, got, len));
	EXPECT_EQ(0, read(self->fd, got, sizeof(got)));
	/* From the beginning it is the new one. */
	len = read_file(policy_node(NAME, variant->node), now, sizeof(now));
	ASSERT_LT(0, len);
	EXPECT_EQ(len, pread(self->fd, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp(now, got, len));
	EXPECT_EQ(0, close(self->fd));
}

/*
 * Anybody may list the policies, into memory that comes when they please, and
 * has the directory locked until then. Whoever loads or deletes a policy waits
 * for that; those who do something else must not wait for them.
 */
#define LISTED_LIMIT 180

/* How often something is looked at before it is believed not to come. */
#define LOOKS 2000

static struct blob listed_coming, listed_newer;

static int load_coming(void)
{
	return policy_submit(IPE_NEW_POLICY, listed_coming.data,
			     listed_coming.len);
}

static bool coming_is_there(void)
{
	return is_active(NAME "3") == '0' && !policy_activate(NAME "3");
}

static int delete_other(void)
{
	return policy_delete(NAME "2");
}

static bool other_is_gone(void)
{
	return !policy_exists(NAME "2");
}

FIXTURE(listed)
{
	/* Its first page is there once it is given. */
	char *memory;
	size_t size;
	int fault;
};

FIXTURE_VARIANT(listed)
{
	/* What waits, and whether it was done in the end. */
	int (*wait)(void);
	bool (*done)(void);
};

FIXTURE_VARIANT_ADD(listed, load)
{
	.wait = load_coming, .done = coming_is_there
};

FIXTURE_VARIANT_ADD(listed, delete)
{
	.wait = delete_other, .done = other_is_gone
};

FIXTURE_SETUP(listed)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct ipe_version newer;

	ASSERT_EQ(0, ipe_reset());
	newer = ipe_version();
	newer.rev++;
	ASSERT_EQ(0, policy_load(NAME, NULL, RULES));
	ASSERT_EQ(0, policy_load(NAME "2", NULL, RULES));
	ASSERT_EQ(0, policy_sign(&listed_newer, NAME, &newer, RULES, SIGN_DER));
	ASSERT_EQ(0, policy_sign(&listed_coming, NAME "3", &newer, RULES,
				 SIGN_DER));

	self->size = sysconf(_SC_PAGESIZE);
	self->memory = mmap(NULL, self->size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->memory);
	self->fault = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (self->fault < 0)
		SKIP(return, "no userfaultfd: %s", strerror(errno));
	ASSERT_EQ(0, ioctl(self->fault, UFFDIO_API, &api));
	area.range.start = (uintptr_t)self->memory;
	area.range.len = self->size;
	ASSERT_EQ(0, ioctl(self->fault, UFFDIO_REGISTER, &area));
}

RESET_AFTER(listed)

/* Returns how many bytes of names there are, or a negative errno. */
static void *list(void *arg)
{
	const FIXTURE_DATA(listed) *self = arg;
	long len;
	int fd;

	fd = open(IPE_POLICIES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return (void *)(long)-errno;
	len = syscall(SYS_getdents64, fd, self->memory, self->size);
	if (len < 0)
		len = -errno;
	close(fd);
	return (void *)len;
}

static pid_t start(int (*job)(void))
{
	const pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(-job());
	}
	return child;
}

/* What the job returned; -EINPROGRESS if it has not, after a long time. */
static int outcome(pid_t child)
{
	unsigned int looks;
	int status;
	pid_t ended;

	for (looks = 0; looks < LOOKS; looks++) {
		ended = waitpid(child, &status, WNOHANG);
		if (ended < 0)
			return -errno;
		if (ended)
			return WIFEXITED(status) ? -WEXITSTATUS(status) :
						   -EINTR;
		usleep(10000);
	}
	return -EINPROGRESS;
}

/* Whether it comes to wait in the kernel, and goes on waiting. */
static bool comes_to_wait(pid_t child)
{
	unsigned int looks, waiting = 0;
	char path[64], text[512];
	const char *state;

	snprintf(path, sizeof(path), "/proc/%d/stat", child);
	for (looks = 0; waiting < 20 && looks < LOOKS; looks++) {
		if (read_file(path, text, sizeof(text)) < 0)
			return false;
		state = strrchr(text, ')');
		waiting = state && !strncmp(state, ") D ", 4) ? waiting + 1 : 0;
		usleep(10000);
	}
	return waiting == 20;
}

/* All that neither makes nor removes a directory. */
static int administer(void)
{
	int err;

	err = write_string(IPE_ENFORCE, "0") ?:
	      write_string(IPE_ENFORCE, "1") ?:
	      write_string(IPE_SUCCESS_AUDIT, "1") ?:
	      write_string(IPE_SUCCESS_AUDIT, "0") ?:
	      policy_submit(policy_node(NAME, "update"), listed_newer.data,
			    listed_newer.len) ?:
	      policy_activate(NAME);
	if (err)
		return err;
	/* As it is in force. */
	err = policy_delete(NAME);
	return err == -EPERM ? 0 : err ?: -ENOTRECOVERABLE;
}

TEST_F_TIMEOUT(listed, others_do_not_wait, LISTED_LIMIT)
{
	struct uffdio_zeropage page = {};
	struct pollfd event = { .fd = self->fault, .events = POLLIN };
	pid_t waiter, administrator;
	pthread_t lister;
	void *len;
	int err;

	ASSERT_EQ(0, pthread_create(&lister, NULL, list, self));
	ASSERT_EQ(1, poll(&event, 1, LOOKS * 10));
	ASSERT_EQ(POLLIN, event.revents);

	waiter = start(variant->wait);
	ASSERT_LT(0, waiter);
	ASSERT_TRUE(comes_to_wait(waiter));
	administrator = start(administer);
	ASSERT_LT(0, administrator);
	err = outcome(administrator);
	EXPECT_EQ(0, err);
	EXPECT_EQ(0, waitpid(waiter, NULL, WNOHANG));

	/* Now there is memory for the names. */
	page.range.start = (uintptr_t)self->memory;
	page.range.len = self->size;
	ASSERT_EQ(0, ioctl(self->fault, UFFDIO_ZEROPAGE, &page));
	ASSERT_EQ(0, pthread_join(lister, &len));
	EXPECT_LT(0, (long)len);
	EXPECT_EQ(0, outcome(waiter));
	EXPECT_TRUE(variant->done());
	if (err == -EINPROGRESS) {
		EXPECT_EQ(0, outcome(administrator));
	}
	EXPECT_EQ(0, close(self->fault));
}

IPE_TEST_MAIN(no_setup, no_teardown)
