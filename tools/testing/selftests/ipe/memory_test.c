// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - memory that has no file of its own: which memory that is, the
 * properties of the program that asks for it, and what a record says
 */
#include <sys/mman.h>
#include <sys/syscall.h>

#include "audit.h"
#include "generate.h"
#include "harness.h"
#include "stage.h"

#define KEY_PAGE 4096

/* One property of a program, in the two policies. */
FIXTURE(program)
{
	const char *path;
	int expected;
};

FIXTURE_VARIANT(program)
{
	enum place place;
	const char *rules;
	bool allowed;
};

#define PROGRAM(id, where, exe, matches)                                    \
	FIXTURE_VARIANT_ADD(program, id##_allow)                            \
	{                                                                   \
		.place = where,                                             \
		.rules = ALLOW_PROGRAM(exe),                                \
		.allowed = matches,                                         \
	};                                                                  \
	FIXTURE_VARIANT_ADD(program, id##_deny)                             \
	{                                                                   \
		.place = where,                                             \
		.rules = DENY_PROGRAM(exe),                                 \
		.allowed = !(matches),                                      \
	}

/* clang-format off */
PROGRAM(initramfs_boot, PLACE_INITRAMFS, "exe_boot_verified=TRUE", true);
PROGRAM(initramfs_not_boot, PLACE_INITRAMFS, "exe_boot_verified=FALSE", false);
PROGRAM(tmpfs_boot, PLACE_TMPFS, "exe_boot_verified=TRUE", false);
PROGRAM(tmpfs_not_boot, PLACE_TMPFS, "exe_boot_verified=FALSE", true);
PROGRAM(tmpfs_digest, PLACE_TMPFS, "exe_fsverity_digest=$fsv", false);
PROGRAM(ext4_digest, PLACE_EXT4, "exe_fsverity_digest=$fsv", false);
PROGRAM(fsv_digest, PLACE_FSV, "exe_fsverity_digest=$fsv", true);
PROGRAM(fsv_digest_wrong, PLACE_FSV, "exe_fsverity_digest=$wrong", false);
PROGRAM(fsv_digest_other, PLACE_FSV_SHA512, "exe_fsverity_digest=$fsv", false);
PROGRAM(fsv512_digest, PLACE_FSV_SHA512, "exe_fsverity_digest=$fsv512", true);
PROGRAM(fsv_signature, PLACE_FSV, "exe_fsverity_signature=TRUE", false);
PROGRAM(fsv_signed_signature, PLACE_FSV_SIGNED, "exe_fsverity_signature=TRUE", true);
PROGRAM(fsv_signed_both, PLACE_FSV_SIGNED, "exe_fsverity_signature=TRUE exe_fsverity_digest=$fsv", true);
PROGRAM(fsv_signed_second_fails, PLACE_FSV_SIGNED, "exe_fsverity_signature=TRUE exe_fsverity_digest=$wrong", false);
PROGRAM(dmv_roothash, PLACE_DMV, "exe_dmverity_roothash=$dmv", true);
PROGRAM(dmv_roothash_wrong, PLACE_DMV, "exe_dmverity_roothash=$wrong", false);
PROGRAM(dmv_signature, PLACE_DMV, "exe_dmverity_signature=TRUE", false);
PROGRAM(dmv_signed_signature, PLACE_DMV_SIGNED, "exe_dmverity_signature=TRUE", true);
PROGRAM(dmv_signed_roothash, PLACE_DMV_SIGNED, "exe_dmverity_roothash=$dmvsigned", true);
PROGRAM(overlay_dmv_signature, PLACE_OVERLAY_DMV, "exe_dmverity_signature=TRUE", true);
PROGRAM(overlay_fsv_digest, PLACE_OVERLAY_FSV, "exe_fsverity_digest=$fsv", true);
PROGRAM(overlay_upper_signature, PLACE_OVERLAY_UPPER, "exe_dmverity_signature=TRUE", false);
PROGRAM(overlay_initramfs_boot, PLACE_OVERLAY_INITRAMFS, "exe_boot_verified=TRUE", false);
PROGRAM(any, PLACE_TMPFS, "", true);
/* clang-format on */

FIXTURE_SETUP(program)
{
	NEEDS_PLACE(variant->place);
	ASSERT_EQ(0, ipe_reset());
	self->path = stage_path(variant->place, "probe");
	self->expected = variant->allowed ? GENERATES : GENERATES_NOTHING;
	ASSERT_EQ(0, stage_enforce(variant->rules));
}

RESET_AFTER(program)

TEST_F(program, generates)
{
	EXPECT_EQ(self->expected, generate(self->path));
}

TEST_F(program, permissive)
{
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_EQ(GENERATES, generate(self->path));
}

/* Files of these places have contents of their own: they are not memory ... */
FIXTURE(place)
{
	char path[PATH_MAX];
	int fd;
};

FIXTURE_VARIANT(place)
{
	enum place place;
	/* A copy here, instead of the place's own file. */
	const char *directory;
	bool is_memory;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(place, initramfs) { PLACE_INITRAMFS };
FIXTURE_VARIANT_ADD(place, tmpfs) { PLACE_TMPFS };
FIXTURE_VARIANT_ADD(place, devtmpfs) { PLACE_TMPFS, "/dev" };
FIXTURE_VARIANT_ADD(place, ext4) { PLACE_EXT4 };
FIXTURE_VARIANT_ADD(place, dmv) { PLACE_DMV };
FIXTURE_VARIANT_ADD(place, overlay) { PLACE_OVERLAY_UPPER };
/* ... and a memfd is. */
FIXTURE_VARIANT_ADD(place, memfd) { PLACE_MEMFD, NULL, true };
/* clang-format on */

FIXTURE_SETUP(place)
{
	NEEDS_PLACE(variant->place);
	ASSERT_EQ(0, ipe_reset());
	snprintf(self->path, sizeof(self->path), "%s",
		 stage_path(variant->place, "probe"));
	if (variant->directory) {
		snprintf(self->path, sizeof(self->path), "%s/probe-%d",
			 variant->directory, getpid());
		ASSERT_EQ(0, copy_file(stage_path(variant->place, "probe"),
				       self->path, 0755));
	}
	self->fd = open(self->path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(place)
{
	if (variant->directory)
		unlink(self->path);
	EXPECT_EQ(0, ipe_reset());
}

static void expect_all(struct __test_metadata *_metadata, int fd, int expected)
{
	EXPECT_EQ(expected, try_execveat(fd));
	EXPECT_EQ(expected, try_execve_check(fd));
	EXPECT_EQ(expected, try_mmap(fd, MAP_PRIVATE));
	EXPECT_EQ(expected, try_mmap(fd, MAP_SHARED));
	EXPECT_EQ(expected, try_mprotect(fd));
}

TEST_F(place, memory_is_denied)
{
	ASSERT_EQ(0, policy_enforce_rules(
			     DENY_JUST("anonymous_memory=TRUE")));
	expect_all(_metadata, self->fd, variant->is_memory ? -EACCES : 0);
	EXPECT_EQ(-EACCES, try_mmap_anonymous());
}

TEST_F(place, memory_is_allowed)
{
	ASSERT_EQ(0, policy_enforce_rules(
			     ALLOW_ONLY("anonymous_memory=TRUE")));
	expect_all(_metadata, self->fd, variant->is_memory ? 0 : -EACCES);
	EXPECT_EQ(0, try_mmap_anonymous());
}

TEST_F(place, files_are_allowed)
{
	ASSERT_EQ(0, policy_enforce_rules(
			     ALLOW_ONLY("anonymous_memory=FALSE")));
	expect_all(_metadata, self->fd, variant->is_memory ? -EACCES : 0);
	EXPECT_EQ(-EACCES, try_mmap_anonymous());
}

/*
 * A program in a memfd is memory itself, and it has no properties, whatever the program
 * had that wrote it: it is started, and ends when its first page is to be mapped.
 */
FIXTURE(memfd)
{
};

RESET_AROUND(memfd)

TEST_F(memfd, has_no_properties)
{
	int fd;

	NEEDS_PLACE(PLACE_INITRAMFS);
	NEEDS_PLACE(PLACE_MEMFD);
	fd = open(stage_path(PLACE_MEMFD, "probe"), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, policy_enforce_rules(
			     ALLOW_PROGRAM("exe_boot_verified=TRUE")));
	if (kernel_checks_execve())
		EXPECT_EQ(0, try_execve_check(fd));
	EXPECT_EQ(-ENOEXEC, try_execveat(fd));
	close(fd);
}

/* A record of memory tells what is known of the program. */
FIXTURE(record)
{
	int audit;
};

FIXTURE_VARIANT(record)
{
	enum place place;
	const char *properties;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(record, initramfs) { PLACE_INITRAMFS, " exe_boot_verified=TRUE" };
FIXTURE_VARIANT_ADD(record, tmpfs) { PLACE_TMPFS, "" };
FIXTURE_VARIANT_ADD(record, fsv) { PLACE_FSV, " exe_fsverity_digest=$fsv" };
FIXTURE_VARIANT_ADD(record, fsv_signed) { PLACE_FSV_SIGNED, " exe_fsverity_signature=TRUE exe_fsverity_digest=$fsv" };
FIXTURE_VARIANT_ADD(record, dmv) { PLACE_DMV, " exe_dmverity_roothash=$dmv" };
FIXTURE_VARIANT_ADD(record, dmv_signed) { PLACE_DMV_SIGNED, " exe_dmverity_signature=TRUE exe_dmverity_roothash=$dmvsigned" };
/* clang-format on */

FIXTURE_SETUP(record)
{
	NEEDS_PLACE(variant->place);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, policy_enforce_rules(
			     DENY_JUST("anonymous_memory=TRUE")));
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

RESET_AFTER(record)

TEST_F(record, names_the_program)
{
	static const char *const hooks[] = { "MMAP",	 "MPROTECT", "MMAP",
					     "MMAP",	 "MMAP",     "MPROTECT",
					     "MPROTECT" };
	const char *path = stage_path(variant->place, "probe");
	char properties[512], start[128], end[1024];
	struct audit_record record;
	struct stat st;
	unsigned int i;
	char *rule;

	ASSERT_EQ(0, stage_rules(properties, sizeof(properties),
				 variant->properties));
	ASSERT_EQ(0, stat(path, &st));
	snprintf(end, sizeof(end),
		 " rule=\"op=EXECUTE anonymous_memory=TRUE action=DENY\""
		 " exe_dev=\"%s\" exe_ino=%lu%s",
		 stage_device(variant->place), (unsigned long)st.st_ino,
		 properties);
	EXPECT_EQ(GENERATES_NOTHING, generate(path));
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		ASSERT_EQ(0, audit_next(self->audit, AUDIT_IPE_ACCESS, &record));
		snprintf(start, sizeof(start),
			 "ipe_op=EXECUTE ipe_hook=%s enforcing=1 ", hooks[i]);
		EXPECT_EQ(0, strncmp(record.text, start, strlen(start)));
		/* The kernel writes digits in upper case. */
		rule = strstr(record.text, " rule=");
		ASSERT_NE(NULL, rule);
		EXPECT_EQ(0, strcasecmp(rule, end))
			TH_LOG("%s", record.text);
	}
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
}

/* Memory with a protection key is memory. */
FIXTURE(key)
{
	int key;
	void *at;
};

FIXTURE_SETUP(key)
{
	ASSERT_EQ(0, ipe_reset());
	self->key = syscall(SYS_pkey_alloc, 0, 0);
	if (self->key < 0)
		SKIP(return, "no protection keys: %s", strerror(errno));
	self->at = mmap(NULL, KEY_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	ASSERT_NE(MAP_FAILED, self->at);
}

RESET_AFTER(key)

/* Makes the page executable, with the key or with -1, and readable again. */
static int try_key(void *at, int prot, int key)
{
	const int err = syscall(SYS_pkey_mprotect, at, KEY_PAGE, prot, key) ?
				-errno :
				0;

	mprotect(at, KEY_PAGE, PROT_READ);
	return err;
}

static void expect_keys(struct __test_metadata *_metadata,
			const FIXTURE_DATA(key) *self, int expected)
{
	EXPECT_EQ(expected, try_key(self->at, PROT_READ | PROT_EXEC, self->key));
	EXPECT_EQ(expected, try_key(self->at, PROT_READ | PROT_EXEC, -1));
	/* The kernel takes a key of its own for code that nobody may read. */
	EXPECT_EQ(expected, try_key(self->at, PROT_EXEC, -1));
}

TEST_F(key, is_memory)
{
	expect_keys(_metadata, self, 0);
	ASSERT_EQ(0, stage_enforce(DENY_JUST("anonymous_memory=TRUE")));
	expect_keys(_metadata, self, -EACCES);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("anonymous_memory=TRUE")));
	expect_keys(_metadata, self, 0);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("anonymous_memory=FALSE")));
	expect_keys(_metadata, self, -EACCES);
}

IPE_TEST_MAIN(audited_stage_setup, audited_stage_teardown)
