// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the files of securityfs: modes, contents, privileges, accepted
 * and refused writes
 */
#include <linux/capability.h>
#include <sched.h>

#include "harness.h"
#include "origin.h"

#define NAME IPE_PREFIX "_file"
#define RULES "DEFAULT action=ALLOW\n"
#define TEXT "policy_name=" NAME " policy_version=1.2.3\n" RULES

/* Not mapped; volatile, so that the compiler does not know that. */
static char *volatile nowhere = (char *)8;

/* Each file, its content, and its answer to each kind of write. */
FIXTURE(file)
{
	const char *path;
	char before[65];
};

FIXTURE_VARIANT(file)
{
	const char *path;
	mode_t mode;
	/* The content; NULL if the file cannot be read ... */
	const char *content;
	/* ... and the errno then, if it is not EINVAL. */
	int unreadable;
	bool writable;
	/* Not every kernel has it. */
	bool optional;
	/*
	 * The errors of writing nothing, garbage, 16 MiB of it, and one byte
	 * more.
	 */
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
#define READ_ONLY_BY_ROOT                                               \
	.mode = 0400, .nothing = -EINVAL, .garbage = -EINVAL,           \
	.large = -EINVAL, .too_large = -EINVAL

FIXTURE_VARIANT_ADD(file, enforce)
{
	.path = IPE_ENFORCE,
	.mode = 0600,
	.content = "1",
	SWITCH_ERRORS,
};

FIXTURE_VARIANT_ADD(file, success_audit)
{
	.path = IPE_SUCCESS_AUDIT,
	.mode = 0600,
	.content = "0",
	SWITCH_ERRORS,
};

FIXTURE_VARIANT_ADD(file, seal)
{
	.path = IPE_ROOT "/seal",
	.mode = 0600,
	.content = "0",
	SWITCH_ERRORS,
};

FIXTURE_VARIANT_ADD(file, new_policy)
{
	.path = IPE_NEW_POLICY,
	.mode = 0200,
	POLICY_ERRORS,
};

#define POLICY_NODE(id, ...)                                            \
	FIXTURE_VARIANT_ADD(file, id)                                   \
	{                                                               \
		.path = IPE_POLICIES "/" NAME "/" #id, __VA_ARGS__      \
	}

POLICY_NODE(name, .content = NAME, READ_ONLY);
POLICY_NODE(version, .content = "1.2.3", READ_ONLY);
POLICY_NODE(policy, .content = TEXT, READ_ONLY);
/* The policy that the fixture loaded. */
POLICY_NODE(pkcs7, .content = "", READ_ONLY);
POLICY_NODE(active, .mode = 0600, .content = "0", SWITCH_ERRORS);
POLICY_NODE(update, .mode = 0200, POLICY_ERRORS);
POLICY_NODE(delete, .mode = 0200, SWITCH_ERRORS);
POLICY_NODE(unused, .mode = 0600, .unreadable = ENODATA, SWITCH_ERRORS);
POLICY_NODE(trial, .mode = 0600, .content = "0", .optional = true, SWITCH_ERRORS);
POLICY_NODE(trial_stats, .unreadable = ENODATA, .optional = true, READ_ONLY_BY_ROOT);

static struct blob loaded_policy;

FIXTURE_SETUP(file)
{
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, sign_blob(TEXT, strlen(TEXT), SIGN_DER, &loaded_policy));
	ASSERT_EQ(0, policy_submit(IPE_NEW_POLICY, loaded_policy.data,
				   loaded_policy.len));
	if (variant->optional && access(variant->path, F_OK))
		SKIP(return, "this kernel's IPE has no such file");
	ASSERT_EQ(0, ipe_snapshot(self->before));
	self->path = variant->path;
}

RESET_AFTER(file)

TEST_F(file, mode)
{
	struct stat st;

	ASSERT_EQ(0, stat(self->path, &st));
	EXPECT_EQ(S_IFREG | variant->mode, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
	EXPECT_EQ(0, st.st_size);
}

static size_t content(const FIXTURE_VARIANT(file) *variant, const void **data)
{
	if (*variant->content) {
		*data = variant->content;
		return strlen(variant->content);
	}
	*data = loaded_policy.data;
	return loaded_policy.len;
}

TEST_F(file, read)
{
	const void *want;
	char got[8192];
	size_t len;

	if (!variant->content) {
		/* Root may open it, but the file does not support reading. */
		EXPECT_EQ(-(variant->unreadable ?: EINVAL),
			  read_file(self->path, got, sizeof(got)));
		return;
	}
	len = content(variant, &want);
	ASSERT_EQ(len, read_file(self->path, got, sizeof(got)));
	EXPECT_EQ(0, memcmp(want, got, len));
}

/* From any offset, in pieces of any size; nothing beyond the end. */
TEST_F(file, read_pieces)
{
	const void *want;
	char got[8192];
	size_t len, at;
	int fd;

	fd = open(self->path, O_RDONLY);
	ASSERT_LE(0, fd);
	if (!variant->content) {
		EXPECT_EQ(-1, pread(fd, got, 1, 0));
		EXPECT_EQ(variant->unreadable ?: EINVAL, errno);
		return;
	}
	len = content(variant, &want);
	for (at = 0; at < len; at++) {
		const size_t left = len - at;

		/* The whole rest, into a larger buffer. */
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

TEST_F(file, read_bad_address)
{
	int fd = open(self->path, O_RDONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, read(fd, nowhere, 1));
	EXPECT_EQ(variant->content ? EFAULT : variant->unreadable ?: EINVAL,
		  errno);
	EXPECT_EQ(0, close(fd));
}

TEST_F(file, write_nothing)
{
	EXPECT_EQ(variant->nothing, write_file(self->path, "", 0));
	expect_unchanged(_metadata, self->before);
}

TEST_F(file, write_one_byte)
{
	EXPECT_EQ(variant->garbage, write_file(self->path, "x", 1));
	expect_unchanged(_metadata, self->before);
}

TEST_F(file, write_garbage)
{
	static const char garbage[] = "\xff\xfe garbage \0 that is no policy\n";

	EXPECT_EQ(variant->garbage,
		  write_file(self->path, garbage, sizeof(garbage)));
	expect_unchanged(_metadata, self->before);
}

/* Any first byte: no such write is a boolean or a policy. */
TEST_F(file, write_any_first_byte)
{
	/* A kernel may take a path, which does not exist. */
	const int path = origin_missing() ? -EBADMSG : -ENOENT;
	int byte, want;

	for (byte = 0; byte < 256; byte++) {
		const char two[] = { byte, '\x02' };

		/* kstrtobool() accepts these. */
		if (variant->writable && variant->garbage == -EINVAL && byte &&
		    strchr("01yYnNtTfFeEdD", byte))
			continue;
		want = variant->garbage;
		if (byte == '/' && want == -EBADMSG)
			want = path;
		EXPECT_EQ(want, write_file(self->path, two, 2))
		{
			TH_LOG("the first byte is %#x", byte);
		}
	}
	expect_unchanged(_metadata, self->before);
}

TEST_F(file, write_16mib)
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

TEST_F(file, write_bad_address)
{
	int fd = open(self->path, O_WRONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, write(fd, nowhere, 1));
	EXPECT_EQ(variant->writable ? EFAULT : EINVAL, errno);
	EXPECT_EQ(0, close(fd));
	expect_unchanged(_metadata, self->before);
}

/*
 * Without the right to write the error is EPERM, unless the file does not
 * support writing.
 */
static int denied(const FIXTURE_VARIANT(file) *variant)
{
	return variant->writable ? -EPERM : -EINVAL;
}

/*
 * Root without CAP_MAC_ADMIN may open the file, but not write to it, not even
 * invalid data.
 */
TEST_F(file, without_capability)
{
	char *data = malloc(16 * MIB);

	ASSERT_NE(NULL, data);
	memset(data, '1', 16 * MIB);
	ASSERT_EQ(0, cap_drop(CAP_MAC_ADMIN));
	EXPECT_EQ(denied(variant), write_file(self->path, "", 0));
	EXPECT_EQ(denied(variant), write_file(self->path, "0", 1));
	EXPECT_EQ(denied(variant), write_file(self->path, "1", 1));
	EXPECT_EQ(denied(variant), write_file(self->path, data, 16 * MIB));
	EXPECT_EQ(denied(variant), write_file(self->path, loaded_policy.data,
					      loaded_policy.len));
	expect_unchanged(_metadata, self->before);
	free(data);
}

/* Reading does not require CAP_MAC_ADMIN. */
TEST_F(file, read_without_capability)
{
	const void *want;
	char got[8192];
	size_t len;

	ASSERT_EQ(0, cap_drop(CAP_MAC_ADMIN));
	if (!variant->content) {
		EXPECT_EQ(-(variant->unreadable ?: EINVAL),
			  read_file(self->path, got, sizeof(got)));
		return;
	}
	len = content(variant, &want);
	ASSERT_EQ(len, read_file(self->path, got, sizeof(got)));
	EXPECT_EQ(0, memcmp(want, got, len));
}

TEST_F(file, other_user)
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

/* The capability of the opener counts. */
TEST_F(file, opened_with_capability)
{
	int fd = open(self->path, O_WRONLY);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, cap_drop(CAP_MAC_ADMIN));
	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	EXPECT_EQ(variant->garbage, write_fd(fd, "x", 1));
	EXPECT_EQ(0, close(fd));
}

TEST_F(file, opened_without_capability)
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

/* A capability in a user namespace does not apply to the machine. */
TEST_F(file, in_user_namespace)
{
	if (unshare(CLONE_NEWUSER))
		SKIP(return, "no user namespaces: %s", strerror(errno));
	/* It is enough that root stays root, and owner of the file. */
	write_string("/proc/self/uid_map", "0 0 1\n");
	/* If the owner may not write, no capability overrides that. */
	EXPECT_EQ(variant->writable ? -EPERM : -EACCES,
		  write_file(self->path, "1", 1));
	expect_unchanged(_metadata, self->before);
}

/* The values that kstrtobool() accepts; it reads only the first bytes. */
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

/* A switch of another part of the kernel, which is on. */
#define PRINTK_TIME "/sys/module/printk/parameters/time"

/* Skips "enable" and "disable" where the kernel's kstrtobool() does not know them. */
#define NEEDS_BOOLEAN()                                                     \
	do {                                                                \
		if (variant->len && memchr("eEdD", variant->text[0], 4) && \
		    write_string(PRINTK_TIME, "enable") == -EINVAL)         \
			SKIP(return, "this kernel does not know enable and disable"); \
	} while (0)

static void check_switch(struct __test_metadata *_metadata, const char *file,
			 const FIXTURE_VARIANT(boolean) *variant)
{
	char value[8];
	int start;

	for (start = 0; start <= 1; start++) {
		const char set[] = { "01"[start], '\0' };

		ASSERT_EQ(0, write_string(file, set));
		EXPECT_EQ(variant->value < 0 ? variant->value : 0,
			  write_file(file, variant->text, variant->len));
		ASSERT_EQ(1, read_file(file, value, sizeof(value)));
		EXPECT_EQ("01"[variant->value < 0 ? start : variant->value],
			  value[0]);
	}
}

TEST_F(boolean, enforce)
{
	NEEDS_BOOLEAN();
	check_switch(_metadata, IPE_ENFORCE, variant);
}

TEST_F(boolean, success_audit)
{
	NEEDS_BOOLEAN();
	check_switch(_metadata, IPE_SUCCESS_AUDIT, variant);
}

/* Only true activates; a policy cannot be deactivated. */
TEST_F(boolean, active)
{
	char value[8];

	NEEDS_BOOLEAN();
	ASSERT_EQ(0, policy_load(NAME, NULL, RULES));
	EXPECT_EQ(variant->value == 1 ? 0 : -EINVAL,
		  write_file(policy_file(NAME, "active"), variant->text,
			     variant->len));
	ASSERT_EQ(1, read_file(policy_file(NAME, "active"), value,
			       sizeof(value)));
	EXPECT_EQ(variant->value == 1 ? '1' : '0', value[0]);
}

TEST_F(boolean, delete)
{
	NEEDS_BOOLEAN();
	ASSERT_EQ(0, policy_load(NAME, NULL, RULES));
	EXPECT_EQ(variant->value == 1 ? 0 : -EINVAL,
		  write_file(policy_file(NAME, "delete"), variant->text,
			     variant->len));
	EXPECT_EQ(variant->value != 1, policy_exists(NAME));
}

/* 16 MiB that begin with a boolean count as one. */
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
TEST(directories)
{
	struct stat st;

	ASSERT_EQ(0, stat(IPE_ROOT, &st));
	EXPECT_EQ(S_IFDIR | 0755, st.st_mode);
	ASSERT_EQ(0, stat(IPE_POLICIES, &st));
	EXPECT_EQ(S_IFDIR | 0755, st.st_mode);
	/* Policies are created and removed only through the files. */
	EXPECT_NE(0, mkdir(IPE_POLICIES "/" NAME, 0755));
	EXPECT_NE(0, rmdir(IPE_POLICIES));
	EXPECT_NE(0, unlink(IPE_ENFORCE));
	EXPECT_NE(0, rename(IPE_ENFORCE, IPE_SUCCESS_AUDIT));
	EXPECT_GT(0, open(IPE_ROOT "/more", O_CREAT | O_WRONLY, 0600));
	EXPECT_EQ(0, access(IPE_ENFORCE, F_OK));
}

IPE_TEST_MAIN(no_setup, no_teardown)
