// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - decisions about code: each hook, property, action and mode, on
 * files of each kind
 */
#include <sys/mman.h>

#include "access.h"
#include "harness.h"
#include "stage.h"

/*
 * One property and a file, with two policies: one allows only files that have
 * the property, the other denies only those.
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
	/* The rule can never match, so a strict kernel does not load it. */
	bool never;
};

#define DECISION(id, where, property, matches)                              \
	FIXTURE_VARIANT_ADD(decision, id##_allow)                           \
	{                                                                   \
		.place = where,                                             \
		.rules = ALLOW_ONLY(property),                              \
		.allowed = matches,                                         \
	};                                                                  \
	FIXTURE_VARIANT_ADD(decision, id##_deny)                            \
	{                                                                   \
		.place = where,                                             \
		.rules = DENY_JUST(property),                               \
		.allowed = !(matches),                                      \
	}

#define NEVER(id, where, property)                                          \
	FIXTURE_VARIANT_ADD(decision, id##_allow)                           \
	{                                                                   \
		.place = where,                                             \
		.rules = ALLOW_ONLY(property),                              \
		.allowed = false, .never = true,                            \
	};                                                                  \
	FIXTURE_VARIANT_ADD(decision, id##_deny)                            \
	{                                                                   \
		.place = where,                                             \
		.rules = DENY_JUST(property),                               \
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
	NEEDS_PLACE(variant->place);
	if (variant->never && ipe_is_strict())
		SKIP(return, "a strict kernel does not load it");
	ASSERT_EQ(0, ipe_reset());
	self->expected = variant->allowed ? 0 : -EACCES;
	self->path = stage_path(variant->place, "probe");
	self->fd = open(self->path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, stage_enforce(variant->rules));
}

RESET_AFTER(decision)

TEST_F(decision, bprm_check)
{
	EXPECT_EQ(self->expected, try_execve(self->path));
	EXPECT_EQ(self->expected, try_execveat(self->fd));
}

TEST_F(decision, bprm_creds_for_exec)
{
	NEEDS_EXECVE_CHECK();
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

/* In permissive mode the access succeeds, whatever the policy says. */
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
 * IPE judges a file of the initramfs that is seen through an overlay as a file
 * of the overlay, because the boot loader did not verify that view. This holds
 * for a mapping, too, although its file is the lower one.
 */
FIXTURE(overlay_initramfs)
{
	int fd;
};

FIXTURE_SETUP(overlay_initramfs)
{
	NEEDS_PLACE(PLACE_OVERLAY_INITRAMFS);
	ASSERT_EQ(0, ipe_reset());
	self->fd = open(stage_path(PLACE_OVERLAY_INITRAMFS, "probe"),
			O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, stage_enforce(TRUST_INITRAMFS));
}

RESET_AFTER(overlay_initramfs)

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

/* Memory without a file has none of the properties of a file. */
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
		.rules = ALLOW_ONLY(property),                              \
		.allowed = matches,                                         \
	};                                                                  \
	FIXTURE_VARIANT_ADD(anonymous, id##_deny)                           \
	{                                                                   \
		.rules = DENY_JUST(property),                               \
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
	ASSERT_EQ(0, stage_enforce(variant->rules));
}

RESET_AFTER(anonymous)

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

IPE_TEST_MAIN(stage_setup, stage_teardown)
