// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - decisions about code: each hook, property, action and mode, on
 * files of each kind
 */
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "audit.h"
#include "harness.h"
#include "stage.h"
#include "subject.h"

#define PAGE 4096UL

static int enforce(const char *rules)
{
	char expanded[8192];
	int err;

	err = stage_rules(expanded, sizeof(expanded), rules);
	return err ?: policy_enforce_rules(expanded);
}

/*
 * One property and a file, in two policies: one that allows only what has the
 * property, and one that denies just that.
 */
FIXTURE(decision)
{
	int fd;
	const char *path;
	int expected;
};

FIXTURE_VARIANT(decision)
{
	enum place place;
	const char *rules;
	bool allowed;
	/* The rule can never match, which a strict kernel does not load. */
	bool never;
};

#define DECISION(id, where, property, matches)                              \
	FIXTURE_VARIANT_ADD(decision, id##_allow)                           \
	{                                                                   \
		.place = where,                                             \
		.rules = "DEFAULT action=DENY\n"                            \
			 "op=EXECUTE " property " action=ALLOW\n",          \
		.allowed = matches,                                         \
	};                                                                  \
	FIXTURE_VARIANT_ADD(decision, id##_deny)                            \
	{                                                                   \
		.place = where,                                             \
		.rules = "DEFAULT action=ALLOW\n"                           \
			 "op=EXECUTE " property " action=DENY\n",           \
		.allowed = !(matches),                                      \
	}

#define NEVER(id, where, property)                                          \
	FIXTURE_VARIANT_ADD(decision, id##_allow)                           \
	{                                                                   \
		.place = where,                                             \
		.rules = "DEFAULT action=DENY\n"                            \
			 "op=EXECUTE " property " action=ALLOW\n",          \
		.allowed = false, .never = true,                            \
	};                                                                  \
	FIXTURE_VARIANT_ADD(decision, id##_deny)                            \
	{                                                                   \
		.place = where,                                             \
		.rules = "DEFAULT action=ALLOW\n"                           \
			 "op=EXECUTE " property " action=DENY\n",           \
		.allowed = true, .never = true,                             \
	}

/* clang-format off */
DECISION(initramfs_boot, PLACE_INITRAMFS, "boot_verified=TRUE", true);
DECISION(initramfs_not_boot, PLACE_INITRAMFS, "boot_verified=FALSE", false);
DECISION(initramfs_dmv, PLACE_INITRAMFS, "dmverity_signature=TRUE", false);
DECISION(initramfs_not_dmv, PLACE_INITRAMFS, "dmverity_signature=FALSE", true);
DECISION(initramfs_roothash, PLACE_INITRAMFS, "dmverity_roothash=$dmv", false);
DECISION(initramfs_fsv, PLACE_INITRAMFS, "fsverity_signature=TRUE", false);
DECISION(initramfs_not_fsv, PLACE_INITRAMFS, "fsverity_signature=FALSE", true);
DECISION(initramfs_digest, PLACE_INITRAMFS, "fsverity_digest=$fsv", false);

DECISION(tmpfs_boot, PLACE_TMPFS, "boot_verified=TRUE", false);
DECISION(tmpfs_not_boot, PLACE_TMPFS, "boot_verified=FALSE", true);
DECISION(tmpfs_dmv, PLACE_TMPFS, "dmverity_signature=TRUE", false);
DECISION(tmpfs_not_dmv, PLACE_TMPFS, "dmverity_signature=FALSE", true);
DECISION(tmpfs_fsv, PLACE_TMPFS, "fsverity_signature=TRUE", false);
DECISION(tmpfs_not_fsv, PLACE_TMPFS, "fsverity_signature=FALSE", true);
DECISION(tmpfs_digest, PLACE_TMPFS, "fsverity_digest=$fsv", false);

DECISION(memfd_boot, PLACE_MEMFD, "boot_verified=TRUE", false);
DECISION(memfd_not_boot, PLACE_MEMFD, "boot_verified=FALSE", true);
DECISION(memfd_dmv, PLACE_MEMFD, "dmverity_signature=TRUE", false);
DECISION(memfd_fsv, PLACE_MEMFD, "fsverity_signature=TRUE", false);
DECISION(memfd_digest, PLACE_MEMFD, "fsverity_digest=$fsv", false);

DECISION(ext4_boot, PLACE_EXT4, "boot_verified=TRUE", false);
DECISION(ext4_fsv, PLACE_EXT4, "fsverity_signature=TRUE", false);
DECISION(ext4_not_fsv, PLACE_EXT4, "fsverity_signature=FALSE", true);
DECISION(ext4_digest, PLACE_EXT4, "fsverity_digest=$fsv", false);
DECISION(ext4_not_dmv, PLACE_EXT4, "dmverity_signature=FALSE", true);

DECISION(fsv_digest, PLACE_FSV, "fsverity_digest=$fsv", true);
DECISION(fsv_digest_wrong, PLACE_FSV, "fsverity_digest=$wrong", false);
DECISION(fsv_digest_sha512, PLACE_FSV, "fsverity_digest=$fsv512", false);
DECISION(fsv_digest_roothash, PLACE_FSV, "dmverity_roothash=$fsv", false);
DECISION(fsv_signature, PLACE_FSV, "fsverity_signature=TRUE", false);
DECISION(fsv_not_signature, PLACE_FSV, "fsverity_signature=FALSE", true);
DECISION(fsv_boot, PLACE_FSV, "boot_verified=TRUE", false);

DECISION(fsv512_digest, PLACE_FSV_SHA512, "fsverity_digest=$fsv512", true);
DECISION(fsv512_digest_sha256, PLACE_FSV_SHA512, "fsverity_digest=$fsv", false);
DECISION(fsv512_signature, PLACE_FSV_SHA512, "fsverity_signature=TRUE", false);

DECISION(fsv_signed_digest, PLACE_FSV_SIGNED, "fsverity_digest=$fsv", true);
DECISION(fsv_signed_signature, PLACE_FSV_SIGNED, "fsverity_signature=TRUE", true);
DECISION(fsv_signed_not_signature, PLACE_FSV_SIGNED, "fsverity_signature=FALSE", false);

DECISION(dmv_roothash, PLACE_DMV, "dmverity_roothash=$dmv", true);
DECISION(dmv_roothash_wrong, PLACE_DMV, "dmverity_roothash=$wrong", false);
DECISION(dmv_roothash_other, PLACE_DMV, "dmverity_roothash=$dmvsigned", false);
DECISION(dmv_roothash_digest, PLACE_DMV, "fsverity_digest=$dmv", false);
DECISION(dmv_signature, PLACE_DMV, "dmverity_signature=TRUE", false);
DECISION(dmv_not_signature, PLACE_DMV, "dmverity_signature=FALSE", true);
DECISION(dmv_boot, PLACE_DMV, "boot_verified=TRUE", false);

DECISION(dmv_signed_roothash, PLACE_DMV_SIGNED, "dmverity_roothash=$dmvsigned", true);
DECISION(dmv_signed_signature, PLACE_DMV_SIGNED, "dmverity_signature=TRUE", true);
DECISION(dmv_signed_not_signature, PLACE_DMV_SIGNED, "dmverity_signature=FALSE", false);

DECISION(overlay_dmv_signature, PLACE_OVERLAY_DMV, "dmverity_signature=TRUE", true);
DECISION(overlay_dmv_roothash, PLACE_OVERLAY_DMV, "dmverity_roothash=$dmvsigned", true);
DECISION(overlay_fsv_digest, PLACE_OVERLAY_FSV, "fsverity_digest=$fsv", true);
DECISION(overlay_upper_dmv, PLACE_OVERLAY_UPPER, "dmverity_signature=TRUE", false);
DECISION(overlay_upper_roothash, PLACE_OVERLAY_UPPER, "dmverity_roothash=$dmvsigned", false);

/* All of a rule's properties must hold. */
DECISION(both_hold, PLACE_FSV_SIGNED, "fsverity_digest=$fsv fsverity_signature=TRUE", true);
DECISION(both_hold_turned, PLACE_FSV_SIGNED, "fsverity_signature=TRUE fsverity_digest=$fsv", true);
DECISION(first_fails, PLACE_FSV, "fsverity_signature=TRUE fsverity_digest=$fsv", false);
DECISION(second_fails, PLACE_FSV_SIGNED, "fsverity_signature=TRUE fsverity_digest=$wrong", false);
DECISION(three_hold, PLACE_DMV_SIGNED, "boot_verified=FALSE dmverity_signature=TRUE dmverity_roothash=$dmvsigned", true);
DECISION(third_fails, PLACE_DMV_SIGNED, "boot_verified=FALSE dmverity_signature=TRUE dmverity_roothash=$dmv", false);
DECISION(twice_the_same, PLACE_DMV_SIGNED, "dmverity_signature=TRUE dmverity_signature=TRUE", true);
NEVER(contradiction, PLACE_DMV_SIGNED, "dmverity_signature=TRUE dmverity_signature=FALSE");
NEVER(two_digests, PLACE_FSV, "fsverity_digest=$fsv fsverity_digest=$wrong");
NEVER(unknown_algorithm, PLACE_FSV, "fsverity_digest=sha257:0123456789abcdef");
NEVER(short_digest, PLACE_DMV, "dmverity_roothash=sha256:0123456789abcdef");
NEVER(empty_digest, PLACE_DMV, "dmverity_roothash=sha256:");
DECISION(all_false, PLACE_TMPFS, "boot_verified=FALSE dmverity_signature=FALSE fsverity_signature=FALSE", true);
/* A rule without properties matches everything. */
DECISION(no_property, PLACE_TMPFS, "", true);
/* clang-format on */

FIXTURE_SETUP(decision)
{
	if (stage_missing(variant->place))
		SKIP(return, "%s", stage_missing(variant->place));
	if (variant->never && ipe_is_strict())
		SKIP(return, "a strict kernel does not load it");
	ASSERT_EQ(0, ipe_reset());
	self->expected = variant->allowed ? 0 : -EACCES;
	self->path = stage_path(variant->place, "probe");
	self->fd = open(self->path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, enforce(variant->rules));
}

FIXTURE_TEARDOWN_PARENT(decision)
{
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(decision, bprm_check)
{
	EXPECT_EQ(self->expected, try_execve(self->path));
	EXPECT_EQ(self->expected, try_execveat(self->fd));
}

TEST_F(decision, bprm_creds_for_exec)
{
	EXPECT_EQ(self->expected, try_execve_check(self->fd));
}

TEST_F(decision, mmap)
{
	EXPECT_EQ(self->expected, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(self->expected, try_mmap(self->fd, MAP_SHARED));
}

TEST_F(decision, mprotect)
{
	EXPECT_EQ(self->expected, try_mprotect(self->fd));
}

/* Whatever the policy says, permissive mode lets it happen. */
TEST_F(decision, permissive)
{
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_EQ(0, try_execve(self->path));
	EXPECT_EQ(0, try_execve_check(self->fd));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(0, try_mprotect(self->fd));
	/* And back: the very next decision is enforced. */
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "1"));
	EXPECT_EQ(self->expected, try_mmap(self->fd, MAP_PRIVATE));
}

/*
 * A file of the initramfs, seen through an overlay, is a file of the overlay:
 * it is not what the boot loader verified that decides what is seen there. That
 * also holds for a mapping, whose file is the one below.
 */
FIXTURE(overlay_initramfs)
{
	int fd;
};

FIXTURE_SETUP(overlay_initramfs)
{
	if (stage_missing(PLACE_OVERLAY_INITRAMFS))
		SKIP(return, "%s", stage_missing(PLACE_OVERLAY_INITRAMFS));
	ASSERT_EQ(0, ipe_reset());
	self->fd = open(stage_path(PLACE_OVERLAY_INITRAMFS, "probe"),
			O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, enforce("DEFAULT action=DENY\n"
			     "op=EXECUTE boot_verified=TRUE action=ALLOW\n"));
}

FIXTURE_TEARDOWN_PARENT(overlay_initramfs)
{
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(overlay_initramfs, bprm_check)
{
	EXPECT_EQ(-EACCES, try_execveat(self->fd));
}

TEST_F(overlay_initramfs, bprm_creds_for_exec)
{
	EXPECT_EQ(-EACCES, try_execve_check(self->fd));
}

TEST_F(overlay_initramfs, mmap)
{
	EXPECT_EQ(-EACCES, try_mmap(self->fd, MAP_PRIVATE));
}

TEST_F(overlay_initramfs, mprotect)
{
	EXPECT_EQ(-EACCES, try_mprotect(self->fd));
}

/* Memory without a file: no property that a file could have. */
FIXTURE(anonymous)
{
	int expected;
};

FIXTURE_VARIANT(anonymous)
{
	const char *rules;
	bool allowed;
};

#define ANONYMOUS(id, property, matches)                                    \
	FIXTURE_VARIANT_ADD(anonymous, id##_allow)                          \
	{                                                                   \
		.rules = "DEFAULT action=DENY\n"                            \
			 "op=EXECUTE " property " action=ALLOW\n",          \
		.allowed = matches,                                         \
	};                                                                  \
	FIXTURE_VARIANT_ADD(anonymous, id##_deny)                           \
	{                                                                   \
		.rules = "DEFAULT action=ALLOW\n"                           \
			 "op=EXECUTE " property " action=DENY\n",           \
		.allowed = !(matches),                                      \
	}

/* clang-format off */
ANONYMOUS(boot, "boot_verified=TRUE", false);
ANONYMOUS(not_boot, "boot_verified=FALSE", true);
ANONYMOUS(dmv, "dmverity_signature=TRUE", false);
ANONYMOUS(not_dmv, "dmverity_signature=FALSE", true);
ANONYMOUS(roothash, "dmverity_roothash=$wrong", false);
ANONYMOUS(fsv, "fsverity_signature=TRUE", false);
ANONYMOUS(not_fsv, "fsverity_signature=FALSE", true);
ANONYMOUS(digest, "fsverity_digest=$wrong", false);
ANONYMOUS(no_property, "", true);
/* clang-format on */

FIXTURE_SETUP(anonymous)
{
	ASSERT_EQ(0, ipe_reset());
	self->expected = variant->allowed ? 0 : -EACCES;
	ASSERT_EQ(0, enforce(variant->rules));
}

FIXTURE_TEARDOWN_PARENT(anonymous)
{
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(anonymous, mmap)
{
	EXPECT_EQ(self->expected, try_mmap_anonymous());
	EXPECT_EQ(self->expected, try_mmap(-1, MAP_SHARED | MAP_ANONYMOUS));
}

TEST_F(anonymous, mprotect)
{
	EXPECT_EQ(self->expected, try_mprotect_anonymous());
}

TEST_F(anonymous, permissive)
{
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_EQ(0, try_mmap_anonymous());
	EXPECT_EQ(0, try_mprotect_anonymous());
}

/* Which of several rules and defaults decides, about a file of tmpfs. */
FIXTURE(order)
{
	int expected;
};

FIXTURE_VARIANT(order)
{
	const char *rules;
	bool allowed;
};

#define ORDER(id, text, result)                                             \
	FIXTURE_VARIANT_ADD(order, id) { .rules = text, .allowed = result }

/* clang-format off */
ORDER(global_allow, "DEFAULT action=ALLOW\n", true);
ORDER(global_deny, "DEFAULT action=DENY\n", false);
ORDER(operation_allow, "DEFAULT action=DENY\nDEFAULT op=EXECUTE action=ALLOW\n", true);
ORDER(operation_deny, "DEFAULT action=ALLOW\nDEFAULT op=EXECUTE action=DENY\n", false);
ORDER(operation_before_global, "DEFAULT op=EXECUTE action=ALLOW\nDEFAULT action=DENY\n", true);
ORDER(other_operation, "DEFAULT action=ALLOW\nDEFAULT op=KMODULE action=DENY\n", true);
ORDER(other_operation_rule, "DEFAULT action=ALLOW\nop=KMODULE action=DENY\nop=FIRMWARE action=DENY\n", true);
ORDER(each_operation,
      "DEFAULT op=EXECUTE action=DENY\nDEFAULT op=FIRMWARE action=ALLOW\n"
      "DEFAULT op=KMODULE action=ALLOW\nDEFAULT op=KEXEC_IMAGE action=ALLOW\n"
      "DEFAULT op=KEXEC_INITRAMFS action=ALLOW\nDEFAULT op=POLICY action=ALLOW\n"
      "DEFAULT op=X509_CERT action=ALLOW\n", false);
ORDER(rule_beats_default, "DEFAULT op=EXECUTE action=DENY\nDEFAULT action=DENY\nop=EXECUTE action=ALLOW\n", true);
ORDER(default_after_rule, "op=EXECUTE action=ALLOW\nDEFAULT action=DENY\n", true);
ORDER(first_allows, "DEFAULT action=DENY\nop=EXECUTE action=ALLOW\nop=EXECUTE action=DENY\n", true);
ORDER(first_denies, "DEFAULT action=ALLOW\nop=EXECUTE action=DENY\nop=EXECUTE action=ALLOW\n", false);
ORDER(second_matches, "DEFAULT action=DENY\nop=EXECUTE boot_verified=TRUE action=DENY\nop=EXECUTE boot_verified=FALSE action=ALLOW\n", true);
ORDER(narrow_then_wide, "DEFAULT action=ALLOW\nop=EXECUTE boot_verified=FALSE dmverity_signature=FALSE action=DENY\nop=EXECUTE boot_verified=FALSE action=ALLOW\n", false);
ORDER(wide_then_narrow, "DEFAULT action=DENY\nop=EXECUTE boot_verified=FALSE action=ALLOW\nop=EXECUTE boot_verified=FALSE dmverity_signature=FALSE action=DENY\n", true);
ORDER(none_matches, "DEFAULT action=DENY\nop=EXECUTE boot_verified=TRUE action=ALLOW\nop=EXECUTE dmverity_signature=TRUE action=ALLOW\n", false);
ORDER(other_operation_between, "DEFAULT action=DENY\nop=KMODULE action=DENY\nop=EXECUTE action=ALLOW\n", true);
/* clang-format on */

FIXTURE_SETUP(order)
{
	ASSERT_EQ(0, ipe_reset());
	self->expected = variant->allowed ? 0 : -EACCES;
	ASSERT_EQ(0, enforce(variant->rules));
}

FIXTURE_TEARDOWN_PARENT(order)
{
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(order, decides)
{
	const char *path = stage_path(PLACE_TMPFS, "probe");

	EXPECT_EQ(self->expected, try_execve(path));
	EXPECT_EQ(self->expected, try_mmap_path(path, MAP_PRIVATE));
	EXPECT_EQ(self->expected, try_mprotect_path(path));
}

/* As "order", about a file with fs-verity: rules with digests among others. */
FIXTURE(digest_order)
{
	int expected;
};

FIXTURE_VARIANT(digest_order)
{
	const char *rules;
	bool allowed;
};

#define DIGEST_ORDER(id, text, result)                                      \
	FIXTURE_VARIANT_ADD(digest_order, id)                               \
	{                                                                   \
		.rules = text, .allowed = result                            \
	}

/* clang-format off */
DIGEST_ORDER(digest_first, "DEFAULT action=DENY\nop=EXECUTE fsverity_digest=$fsv action=ALLOW\nop=EXECUTE boot_verified=FALSE action=DENY\n", true);
DIGEST_ORDER(digest_last, "DEFAULT action=ALLOW\nop=EXECUTE boot_verified=FALSE action=DENY\nop=EXECUTE fsverity_digest=$fsv action=ALLOW\n", false);
DIGEST_ORDER(wrong_then_right, "DEFAULT action=DENY\nop=EXECUTE fsverity_digest=$wrong action=DENY\nop=EXECUTE fsverity_digest=$fsv action=ALLOW\n", true);
DIGEST_ORDER(same_digest_twice, "DEFAULT action=DENY\nop=EXECUTE fsverity_digest=$fsv action=ALLOW\nop=EXECUTE fsverity_digest=$fsv action=DENY\n", true);
DIGEST_ORDER(same_digest_other_way, "DEFAULT action=ALLOW\nop=EXECUTE fsverity_digest=$fsv action=DENY\nop=EXECUTE fsverity_digest=$fsv action=ALLOW\n", false);
DIGEST_ORDER(condition_fails_then_digest, "DEFAULT action=DENY\nop=EXECUTE fsverity_digest=$fsv boot_verified=TRUE action=DENY\nop=EXECUTE fsverity_digest=$fsv action=ALLOW\n", true);
DIGEST_ORDER(condition_holds_then_digest, "DEFAULT action=ALLOW\nop=EXECUTE fsverity_digest=$fsv boot_verified=FALSE action=DENY\nop=EXECUTE fsverity_digest=$fsv action=ALLOW\n", false);
DIGEST_ORDER(digest_of_other_operation, "DEFAULT action=DENY\nop=KMODULE fsverity_digest=$fsv action=ALLOW\n", false);
/* clang-format on */

FIXTURE_SETUP(digest_order)
{
	if (stage_missing(PLACE_FSV))
		SKIP(return, "%s", stage_missing(PLACE_FSV));
	ASSERT_EQ(0, ipe_reset());
	self->expected = variant->allowed ? 0 : -EACCES;
	ASSERT_EQ(0, enforce(variant->rules));
}

FIXTURE_TEARDOWN_PARENT(digest_order)
{
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(digest_order, decides)
{
	const char *path = stage_path(PLACE_FSV, "probe");

	EXPECT_EQ(self->expected, try_execve(path));
	EXPECT_EQ(self->expected, try_mmap_path(path, MAP_PRIVATE));
}

/* Ways to executable memory that are easily forgotten, under a denial. */
FIXTURE(denied)
{
};

FIXTURE_SETUP(denied)
{
	ASSERT_EQ(0, ipe_reset());
}

FIXTURE_TEARDOWN_PARENT(denied)
{
	EXPECT_EQ(0, ipe_reset());
}

#define DENY_ALL "DEFAULT action=DENY\n"

/* What is executable already may stay so, also with more rights. */
TEST_F(denied, already_executable)
{
	void *at = mmap(NULL, PAGE, PROT_READ | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, at);
	ASSERT_EQ(0, enforce(DENY_ALL));
	EXPECT_EQ(0, mprotect(at, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(0, mprotect(at, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
	/* What gave it up does not get it back. */
	EXPECT_EQ(0, mprotect(at, PAGE, PROT_READ));
	EXPECT_EQ(-1, mprotect(at, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
}

TEST_F(denied, already_executable_file)
{
	int fd = open(stage_path(PLACE_TMPFS, "probe"), O_RDONLY);
	void *at;

	ASSERT_LE(0, fd);
	at = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, at);
	ASSERT_EQ(0, enforce(DENY_ALL));
	EXPECT_EQ(0, mprotect(at, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(0, mprotect(at, PAGE, PROT_NONE));
	EXPECT_EQ(-1, mprotect(at, PAGE, PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(0, close(fd));
}

/* Only execution is IPE's business. */
TEST_F(denied, other_protections)
{
	static const int protections[] = { PROT_NONE, PROT_READ, PROT_WRITE,
					   PROT_READ | PROT_WRITE };
	unsigned int i, j;
	void *at;

	ASSERT_EQ(0, enforce(DENY_ALL));
	for (i = 0; i < ARRAY_SIZE(protections); i++) {
		at = mmap(NULL, PAGE, protections[i],
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ASSERT_NE(MAP_FAILED, at);
		for (j = 0; j < ARRAY_SIZE(protections); j++)
			EXPECT_EQ(0, mprotect(at, PAGE, protections[j]));
		EXPECT_EQ(0, munmap(at, PAGE));
	}
}

/* A part of a mapping is enough. */
TEST_F(denied, part_of_mapping)
{
	char *at = mmap(NULL, 3 * PAGE, PROT_READ,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, (void *)at);
	ASSERT_EQ(0, enforce(DENY_ALL));
	EXPECT_EQ(-1, mprotect(at + PAGE, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(at, 3 * PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
}

TEST_F(denied, pkey_mprotect)
{
	void *at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	ASSERT_NE(MAP_FAILED, at);
	ASSERT_EQ(0, enforce(DENY_ALL));
	/* The key -1 makes it an mprotect(2). */
	EXPECT_EQ(-1, syscall(SYS_pkey_mprotect, at, PAGE,
			      PROT_READ | PROT_EXEC, -1));
	if (errno == ENOSYS)
		SKIP(return, "no pkey_mprotect(2)");
	EXPECT_EQ(EACCES, errno);
}

TEST_F(denied, shared_memory)
{
	int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0700);
	void *at;

	if (id < 0 && errno == ENOSYS)
		SKIP(return, "no System V shared memory");
	ASSERT_LE(0, id);
	at = shmat(id, NULL, SHM_EXEC);
	EXPECT_NE((void *)-1, at);
	EXPECT_EQ(0, shmdt(at));
	ASSERT_EQ(0, enforce(DENY_ALL));
	at = shmat(id, NULL, SHM_EXEC);
	EXPECT_EQ((void *)-1, at);
	EXPECT_EQ(EACCES, errno);
	at = shmat(id, NULL, 0);
	EXPECT_NE((void *)-1, at);
	EXPECT_EQ(0, shmdt(at));
	EXPECT_EQ(0, shmctl(id, IPC_RMID, NULL));
}

/* With READ_IMPLIES_EXEC, asking to read is asking to execute. */
TEST_F(denied, read_implies_exec)
{
	int status;
	pid_t child;

	ASSERT_EQ(0, enforce(DENY_ALL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (personality(READ_IMPLIES_EXEC) < 0)
			_exit(2);
		if (mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0) != MAP_FAILED)
			_exit(3);
		_exit(errno == EACCES ? 0 : 4);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

/* Nothing but the mapping is denied: the file can be read. */
TEST_F(denied, reading)
{
	char data[64];

	ASSERT_EQ(0, enforce(DENY_ALL));
	EXPECT_LT(0, read_file(stage_path(PLACE_TMPFS, "name"), data,
			       sizeof(data)));
}

/* The child of a fork, the thread, the vfork: whoever asks. */
TEST_F(denied, by_children)
{
	int status;
	pid_t child;

	ASSERT_EQ(0, enforce(DENY_ALL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (setresuid(65534, 65534, 65534))
			_exit(2);
		_exit(try_mmap_anonymous() == -EACCES &&
				      try_execve("/proc/self/exe") == -EACCES ?
			      0 :
			      3);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

/* A script is asked about as well as its interpreter. */
TEST_F(denied, script)
{
	char path[PATH_MAX];

	if (stage_missing(PLACE_INITRAMFS))
		SKIP(return, "%s", stage_missing(PLACE_INITRAMFS));
	snprintf(path, sizeof(path), "%s/script-%d", stage_folder(), getpid());
	ASSERT_EQ(0, write_script(path, stage_path(PLACE_INITRAMFS, "probe")));
	EXPECT_EQ(0, try_execve(path));
	ASSERT_EQ(0, enforce("DEFAULT action=DENY\n"
			     "op=EXECUTE boot_verified=TRUE action=ALLOW\n"));
	EXPECT_EQ(-EACCES, try_execve(path));
	/* Who asks before reading it gets the same answer. */
	EXPECT_EQ(-EACCES, try_execve_check_path(path));
}

TEST_F(denied, interpreter)
{
	char path[PATH_MAX], name[64];

	if (stage_missing(PLACE_INITRAMFS))
		SKIP(return, "%s", stage_missing(PLACE_INITRAMFS));
	snprintf(name, sizeof(name), "script-%d", getpid());
	test_path(path, sizeof(path), name);
	ASSERT_EQ(0, write_script(path, stage_path(PLACE_TMPFS, "probe")));
	EXPECT_EQ(0, try_execve(path));
	ASSERT_EQ(0, enforce("DEFAULT action=DENY\n"
			     "op=EXECUTE boot_verified=TRUE action=ALLOW\n"));
	EXPECT_EQ(-EACCES, try_execve(path));
	/* The script itself is in order. */
	EXPECT_EQ(0, unlink(path));
	ASSERT_EQ(0, write_script(path, stage_path(PLACE_INITRAMFS, "probe")));
	EXPECT_EQ(0, try_execve(path));
	EXPECT_EQ(0, try_execve_check_path(path));
	EXPECT_EQ(0, unlink(path));
}

/*
 * A device's node lies on a volume, its data does not: that of /dev/zero is
 * anonymous memory, that of a disk is whatever is on the disk.
 */
TEST_F(denied, device_node)
{
	char path[PATH_MAX];
	void *at;
	int fd;

	if (stage_missing(PLACE_INITRAMFS))
		SKIP(return, "%s", stage_missing(PLACE_INITRAMFS));
	test_path(path, sizeof(path), "zero");
	ASSERT_EQ(0, mknod(path, S_IFCHR | 0666, makedev(1, 5)));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, unlink(path));
	EXPECT_EQ(0, try_mmap(fd, MAP_PRIVATE));
	ASSERT_EQ(0, enforce("DEFAULT action=DENY\n"
			     "op=EXECUTE boot_verified=TRUE action=ALLOW\n"));
	EXPECT_EQ(-EACCES, try_mmap(fd, MAP_PRIVATE));
	EXPECT_EQ(-EACCES, try_mprotect(fd));
	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE,
		  fd, 0);
	EXPECT_EQ(MAP_FAILED, at);
	EXPECT_EQ(0, close(fd));
}

/*
 * A program on an overlay may be copied up after it was judged and before its
 * headers are read, so that it is judged once more.
 */
FIXTURE(headers)
{
};

FIXTURE_VARIANT(headers)
{
	enum place place;
	int questions;
};

FIXTURE_VARIANT_ADD(headers, overlay) { PLACE_OVERLAY_DMV, 2 };
FIXTURE_VARIANT_ADD(headers, volume) { PLACE_DMV_SIGNED, 1 };

FIXTURE_SETUP(headers)
{
	if (stage_missing(variant->place))
		SKIP(return, "%s", stage_missing(variant->place));
	ASSERT_EQ(0, ipe_reset());
}

FIXTURE_TEARDOWN_PARENT(headers)
{
	EXPECT_EQ(0, ipe_reset());
}

TEST_F(headers, judged_again)
{
	struct audit_record record;
	int fd, questions = 0;

	ASSERT_EQ(0, enforce("DEFAULT action=DENY\n"
			     "op=EXECUTE dmverity_signature=TRUE action=ALLOW\n"));
	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	fd = audit_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, try_execve(stage_path(variant->place, "probe")));
	while (!audit_match(fd, AUDIT_IPE_ACCESS, "ipe_hook=BPRM_CHECK ",
			    &record))
		questions++;
	EXPECT_EQ(variant->questions, questions);
	audit_close(fd);
}

/* What was written to a private mapping is judged by the file, as ever. */
TEST_F(denied, modified_mapping)
{
	int fd = open(stage_path(PLACE_FSV, "probe"), O_RDONLY | O_CLOEXEC);
	void *at;

	if (stage_missing(PLACE_FSV))
		SKIP(return, "%s", stage_missing(PLACE_FSV));
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, enforce("DEFAULT action=DENY\n"
			     "op=EXECUTE fsverity_digest=$fsv action=ALLOW\n"));
	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, at);
	memset(at, 0, PAGE);
	EXPECT_EQ(0, mprotect(at, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(0, close(fd));
}

IPE_TEST_MAIN(stage_setup, stage_teardown)
