// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - files on an EROFS image that is mounted from a file, without a
 * loop device
 */
#include <linux/fsverity.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "audit.h"
#include "erofs.h"
#include "generate.h"
#include "harness.h"

FIXTURE(erofs)
{
	/* The backing file, its digest and its mount point. */
	char file[PATH_MAX], digest[DIGEST_TEXT], at[PATH_MAX];
	char probe[PATH_MAX];
	char loop[32];
	bool mounted;
};

#define MOUNT(self, options)                                                \
	do {                                                                \
		ASSERT_EQ(0, erofs_mount((self)->file, (self)->at, options)); \
		(self)->mounted = true;                                     \
	} while (0)

#define UNMOUNT(self)                                                       \
	do {                                                                \
		ASSERT_EQ(0, erofs_unmount((self)->at));                    \
		(self)->mounted = false;                                    \
	} while (0)

FIXTURE_SETUP(erofs)
{
	if (erofs_missing())
		SKIP(return, "%s", erofs_missing());
	NEEDS_PLACE(PLACE_FSV);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, erofs_copy("erofs.img", self->file));
	snprintf(self->at, sizeof(self->at), "%s/image-%d", stage_dir(),
		 getpid());
	ASSERT_EQ(0, mkdir(self->at, 0755));
	snprintf(self->probe, sizeof(self->probe), "%s/probe", self->at);
}

FIXTURE_TEARDOWN(erofs)
{
	EXPECT_EQ(0, ipe_reset());
	if (self->mounted)
		EXPECT_EQ(0, erofs_unmount(self->at));
	if (*self->loop)
		EXPECT_EQ(0, loop_close(self->loop));
	rmdir(self->at);
	unlink(self->file);
}

/* Enables fs-verity, and makes a policy active that trusts the digest. */
#define TRUST(self)                                                         \
	do {                                                                \
		ASSERT_EQ(0, fsverity_measure((self)->file, (self)->digest));\
		ASSERT_EQ(0, erofs_trust((self)->digest));                        \
	} while (0)

TEST_F(erofs, digest)
{
	ASSERT_EQ(0, erofs_enable_and_use(self->file, self->at));
	MOUNT(self, NULL);
	TRUST(self);
	EXPECT_ALL(0, self->probe);
	/* The file itself is not on the image, nor is another one. */
	EXPECT_EQ(-EACCES, try_mmap_path(self->file));
	EXPECT_EQ(-EACCES, try_mmap_path(stage_path(PLACE_EXT4, "probe")));
	EXPECT_EQ(-EACCES, try_mmap_path(stage_path(PLACE_FSV, "probe")));
}

TEST_F(erofs, other_digest)
{
	ASSERT_EQ(0, erofs_enable_and_use(self->file, self->at));
	MOUNT(self, NULL);
	ASSERT_EQ(0, fsverity_measure(stage_path(PLACE_FSV, "probe"),
				      self->digest));
	ASSERT_EQ(0, erofs_trust(self->digest));
	EXPECT_ALL(-EACCES, self->probe);
}

TEST_F(erofs, sha512)
{
	ASSERT_EQ(0, fsverity_enable(self->file, FS_VERITY_HASH_ALG_SHA512,
				     NULL));
	MOUNT(self, NULL);
	UNMOUNT(self);
	MOUNT(self, NULL);
	TRUST(self);
	EXPECT_EQ(0, strncmp("sha512:", self->digest, 7));
	EXPECT_ALL(0, self->probe);
}

TEST_F(erofs, denied_by_digest)
{
	char pattern[PATH_MAX];
	int audit;

	ASSERT_EQ(0, erofs_enable_and_use(self->file, self->at));
	MOUNT(self, NULL);
	ASSERT_EQ(0, fsverity_measure(self->file, self->digest));
	ASSERT_EQ(0, erofs_enforce(DENY_JUST(IMAGE "=%s"), self->digest, NULL));
	audit = audit_open();
	ASSERT_LE(0, audit);
	EXPECT_EQ(-EACCES, try_execve(self->probe));
	/* Its record names the rule, as those of other digests. */
	snprintf(pattern, sizeof(pattern),
		 "^ipe_op=EXECUTE .* rule=\"op=EXECUTE " IMAGE
		 "=\"sha256\":[0-9A-F]{64} action=DENY\"");
	EXPECT_EQ(0, audit_match(audit, AUDIT_IPE_ACCESS, pattern, NULL));
	audit_close(audit);
	EXPECT_EQ(0, try_execve(stage_path(PLACE_EXT4, "probe")));
}

/* A flag beside the digest counts, too. */
TEST_F(erofs, with_flag)
{
	ASSERT_EQ(0, erofs_enable_and_use(self->file, self->at));
	MOUNT(self, NULL);
	ASSERT_EQ(0, fsverity_measure(self->file, self->digest));
	ASSERT_EQ(0, erofs_enforce(ALLOW_ONLY(IMAGE "=%s boot_verified=FALSE"),
			     self->digest, NULL));
	EXPECT_EQ(0, try_execve(self->probe));
	ASSERT_EQ(0, erofs_enforce(ALLOW_ONLY(IMAGE "=%s dmverity_signature=TRUE"),
			     self->digest, NULL));
	EXPECT_EQ(-EACCES, try_execve(self->probe));
}

TEST_F(erofs, without_fsverity)
{
	MOUNT(self, NULL);
	ASSERT_EQ(0, fsverity_measure(stage_path(PLACE_FSV, "probe"),
				      self->digest));
	ASSERT_EQ(0, erofs_trust(self->digest));
	EXPECT_ALL(-EACCES, self->probe);
}

/* What EROFS has read before, nobody has verified. */
TEST_F(erofs, fsverity_enabled_later)
{
	MOUNT(self, NULL);
	ASSERT_EQ(0, erofs_enable(self->file));
	TRUST(self);
	EXPECT_ALL(-EACCES, self->probe);
	/* The first use of the file does not change that. */
	EXPECT_EQ(-EACCES, try_mmap_path(self->file));
	EXPECT_ALL(-EACCES, self->probe);
	UNMOUNT(self);
	MOUNT(self, NULL);
	EXPECT_ALL(0, self->probe);
}

/* Pages from before fs-verity may be cached: the first mount drops them. */
TEST_F(erofs, first_mount)
{
	ASSERT_EQ(0, erofs_enable(self->file));
	MOUNT(self, NULL);
	TRUST(self);
	EXPECT_ALL(-EACCES, self->probe);
	UNMOUNT(self);
	MOUNT(self, NULL);
	EXPECT_ALL(0, self->probe);
}

/*
 * fs-verity is enabled, and the file used for the first time, after EROFS has read
 * it, but before it is mounted.
 */
TEST_F(erofs, fsverity_enabled_meanwhile)
{
	int context, mounted;

	context = fsopen("erofs", FSOPEN_CLOEXEC);
	ASSERT_LE(0, context);
	ASSERT_EQ(0, fsconfig(context, FSCONFIG_SET_STRING, "source", self->file,
			      0));
	ASSERT_EQ(0, fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	ASSERT_EQ(0, erofs_enable(self->file));
	ASSERT_EQ(0, fsverity_measure(self->file, self->digest));
	/* With a policy, a decision is the first use. */
	ASSERT_EQ(0, erofs_trust(self->digest));
	EXPECT_EQ(-EACCES, try_mmap_path(self->file));
	mounted = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
	ASSERT_LE(0, mounted);
	ASSERT_EQ(0, move_mount(mounted, "", AT_FDCWD, self->at,
				MOVE_MOUNT_F_EMPTY_PATH));
	self->mounted = true;
	close(mounted);
	close(context);
	ASSERT_EQ(0, erofs_trust(self->digest));
	EXPECT_ALL(-EACCES, self->probe);
}

/* A file that is opened before, and not again. */
TEST_F(erofs, source_is_descriptor)
{
	int context, mounted, file;

	ASSERT_EQ(0, erofs_enable_and_use(self->file, self->at));
	file = open(self->file, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, file);
	context = fsopen("erofs", FSOPEN_CLOEXEC);
	ASSERT_LE(0, context);
	if (fsconfig(context, FSCONFIG_SET_FD, "source", NULL, file)) {
		close(context);
		close(file);
		SKIP(return, "EROFS takes no descriptor");
	}
	ASSERT_EQ(0, fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	mounted = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
	ASSERT_LE(0, mounted);
	ASSERT_EQ(0, move_mount(mounted, "", AT_FDCWD, self->at,
				MOVE_MOUNT_F_EMPTY_PATH));
	self->mounted = true;
	close(mounted);
	close(context);
	close(file);
	TRUST(self);
	EXPECT_ALL(0, self->probe);
}

/* Only a part of the file is the image. */
TEST_F(erofs, offset)
{
	static const char zeros[4096];
	struct blob contents;
	int fd;

	ASSERT_EQ(0, blob_read(self->file, &contents));
	fd = open(self->file, O_WRONLY | O_TRUNC | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, write_fd(fd, zeros, sizeof(zeros)));
	ASSERT_EQ(0, write_fd(fd, contents.data, contents.len));
	close(fd);
	blob_free(&contents);
	ASSERT_EQ(0, erofs_enable(self->file));
	if (erofs_mount(self->file, self->at, "fsoffset=4096") == -EINVAL)
		SKIP(return, "EROFS takes no offset");
	UNMOUNT(self);
	MOUNT(self, "fsoffset=4096");
	TRUST(self);
	EXPECT_ALL(-EACCES, self->probe);
}

/* Some of the data is in another file. */
TEST_F(erofs, another_device)
{
	char blob[PATH_MAX], option[PATH_MAX + 16];

	ASSERT_EQ(0, copy_file(erofs_made("erofs-split.img"), self->file, 0644));
	ASSERT_EQ(0, erofs_copy("erofs-split.blob", blob));
	ASSERT_EQ(0, erofs_enable(self->file));
	snprintf(option, sizeof(option), "device=%s", blob);
	MOUNT(self, option);
	UNMOUNT(self);
	MOUNT(self, option);
	TRUST(self);
	EXPECT_ALL(-EACCES, self->probe);
	UNMOUNT(self);
	unlink(blob);
}

/* A loop device hides the file. */
TEST_F(erofs, loop_device)
{
	ASSERT_EQ(0, erofs_enable_and_use(self->file, self->at));
	ASSERT_EQ(0, loop_open(self->file, true, self->loop));
	ASSERT_EQ(0, erofs_mount(self->loop, self->at, NULL));
	self->mounted = true;
	TRUST(self);
	EXPECT_ALL(-EACCES, self->probe);
}

/* The path of the backing file does not matter once it is mounted. */
TEST_F(erofs, replaced)
{
	char other[PATH_MAX], digest[DIGEST_TEXT];

	ASSERT_EQ(0, erofs_enable_and_use(self->file, self->at));
	ASSERT_EQ(0, fsverity_measure(self->file, self->digest));
	MOUNT(self, NULL);
	ASSERT_EQ(0, erofs_copy("erofs-split.img", other));
	ASSERT_EQ(0, erofs_enable(other));
	ASSERT_EQ(0, fsverity_measure(other, digest));
	ASSERT_EQ(0, rename(other, self->file));
	ASSERT_EQ(0, erofs_trust(digest));
	EXPECT_ALL(-EACCES, self->probe);
	ASSERT_EQ(0, erofs_trust(self->digest));
	EXPECT_ALL(0, self->probe);
}

/* Nobody can write to it. */
TEST_F(erofs, changed)
{
	ASSERT_EQ(0, erofs_enable_and_use(self->file, self->at));
	MOUNT(self, NULL);
	ASSERT_EQ(-1, open(self->file, O_WRONLY));
	EXPECT_EQ(EPERM, errno);
	ASSERT_EQ(-1, truncate(self->file, 0));
	EXPECT_EQ(EPERM, errno);
}

/*
 * The disk below changes.  fs-verity notices, also where EROFS asks for reads that bypass the
 * page cache.
 */
static void corrupted(struct __test_metadata *_metadata, FIXTURE_DATA(erofs) *self,
		      const char *options)
{
	ASSERT_EQ(0, erofs_enable_and_use(self->file, self->at));
	MOUNT(self, options);
	TRUST(self);
	EXPECT_EQ(0, try_execve(self->probe));
	ASSERT_EQ(0, write_string("/proc/sys/vm/drop_caches", "1"));
	EXPECT_EQ(0, try_execve(self->probe));
	/* All but the superblock and the directories, which come first. */
	ASSERT_EQ(0, erofs_corrupt(self->file, 4096));
	EXPECT_EQ(-EIO, try_execve(self->probe));
	EXPECT_EQ(-EIO, erofs_try_module(self->probe));
}

TEST_F(erofs, corrupted)
{
	corrupted(_metadata, self, NULL);
}

TEST_F(erofs, corrupted_read_directly)
{
	corrupted(_metadata, self, "directio");
}

/* A file of the image as the layer of an overlay is that file still. */
TEST_F(erofs, below_overlay)
{
	char probe[PATH_MAX], name[32];

	ASSERT_EQ(0, erofs_enable_and_use(self->file, self->at));
	MOUNT(self, NULL);
	snprintf(name, sizeof(name), "over-image-%d", getpid());
	ASSERT_EQ(0, stage_overlay(name, self->at));
	snprintf(probe, sizeof(probe), "%s/%s/probe", stage_dir(), name);
	TRUST(self);
	EXPECT_EQ(0, try_execve(probe));
	EXPECT_EQ(0, try_mmap_path(probe));
	EXPECT_EQ(0, erofs_try_module(probe));
	snprintf(probe, sizeof(probe), "%s/%s", stage_dir(), name);
	EXPECT_EQ(0, umount(probe));
}

/* EROFS does not mount such files. */
TEST_F(erofs, stacked)
{
	char file[PATH_MAX], name[32];

	/* On another image. */
	ASSERT_EQ(0, copy_file(erofs_made("erofs-nested.img"), self->file, 0644));
	ASSERT_EQ(0, erofs_enable_and_use(self->file, self->at));
	MOUNT(self, NULL);
	snprintf(file, sizeof(file), "%s/image", self->at);
	EXPECT_GT(0, erofs_mount(file, stage_dir(), NULL));
	/* On an overlay. */
	snprintf(name, sizeof(name), "stacked-%d", getpid());
	ASSERT_EQ(0, stage_overlay(name, self->at));
	snprintf(file, sizeof(file), "%s/%s/image", stage_dir(), name);
	EXPECT_GT(0, erofs_mount(file, stage_dir(), NULL));
	snprintf(file, sizeof(file), "%s/%s", stage_dir(), name);
	EXPECT_EQ(0, umount(file));
}

/* The program has the property, too. */
TEST_F(erofs, of_program)
{
	ASSERT_EQ(0, erofs_enable_and_use(self->file, self->at));
	MOUNT(self, NULL);
	ASSERT_EQ(0, fsverity_measure(self->file, self->digest));
	ASSERT_EQ(0, erofs_enforce(ALLOW_PROGRAM("exe_" IMAGE "=%s"), self->digest,
			     NULL));
	EXPECT_EQ(GENERATES, generate(self->probe));
	EXPECT_EQ(GENERATES_NOTHING,
		  generate(stage_path(PLACE_EXT4, "probe")));
	ASSERT_EQ(0, erofs_enforce(DENY_PROGRAM("exe_" IMAGE "=%s"), self->digest,
			     NULL));
	EXPECT_EQ(GENERATES_NOTHING, generate(self->probe));
	EXPECT_EQ(GENERATES, generate(stage_path(PLACE_EXT4, "probe")));
}

/* An image in the initramfs is not the initramfs.  EROFS mounts none from a tmpfs. */
TEST_F(erofs, in_initramfs)
{
	const int err = erofs_mount(erofs_made("erofs.img"), self->at, NULL);

	if (err) {
		EXPECT_EQ(-ENOTBLK, err);
		return;
	}
	self->mounted = true;
	ASSERT_EQ(0, policy_enforce_rules(TRUST_INITRAMFS));
	EXPECT_EQ(-EACCES, try_execve(self->probe));
	EXPECT_EQ(-EACCES, try_mmap_path(self->probe));
}

/* An image that is on a dm-verity volume. */
FIXTURE(on_volume)
{
	struct image image;
	struct volume volume;
	char at[PATH_MAX], below[PATH_MAX], probe[PATH_MAX];
	bool opened, mounted;
};

FIXTURE_VARIANT(on_volume)
{
	bool is_signed;
};

FIXTURE_VARIANT_ADD(on_volume, without_signature) { .is_signed = false };
FIXTURE_VARIANT_ADD(on_volume, with_signature) { .is_signed = true };

FIXTURE_SETUP(on_volume)
{
	char file[PATH_MAX];

	if (erofs_missing())
		SKIP(return, "%s", erofs_missing());
	NEEDS_PLACE(PLACE_DMV_SIGNED);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, image_find(&self->image, "holder"));
	snprintf(self->below, sizeof(self->below), "%s/holder-%d", stage_dir(),
		 getpid());
	snprintf(self->at, sizeof(self->at), "%s/on-volume-%d", stage_dir(),
		 getpid());
	ASSERT_EQ(0, mkdir(self->below, 0755));
	ASSERT_EQ(0, mkdir(self->at, 0755));
	ASSERT_EQ(0, volume_open(&self->volume, &self->image,
				 variant->is_signed, self->below));
	self->opened = true;
	snprintf(file, sizeof(file), "%s/image", self->below);
	ASSERT_EQ(0, erofs_mount(file, self->at, NULL));
	self->mounted = true;
	snprintf(self->probe, sizeof(self->probe), "%s/probe", self->at);
}

FIXTURE_TEARDOWN(on_volume)
{
	EXPECT_EQ(0, ipe_reset());
	if (self->mounted)
		EXPECT_EQ(0, erofs_unmount(self->at));
	if (self->opened)
		EXPECT_EQ(0, volume_close(&self->volume));
	rmdir(self->at);
	rmdir(self->below);
}

TEST_F(on_volume, root_hash)
{
	char digest[DIGEST_TEXT];

	ASSERT_EQ(0, image_enforce(&self->image, ONLY_ROOTHASH));
	EXPECT_EQ(0, try_execve(self->probe));
	EXPECT_EQ(0, try_execve_check_path(self->probe));
	EXPECT_EQ(0, try_mmap_path(self->probe));
	EXPECT_EQ(0, try_mprotect_path(self->probe));
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, image_enforce(&self->image, NOT_ROOTHASH));
	EXPECT_EQ(-EACCES, try_execve(self->probe));
	EXPECT_EQ(-EACCES, try_mmap_path(self->probe));
	/* Its program has it as well. */
	image_digest(&self->image, digest);
	ASSERT_EQ(0, erofs_enforce(ALLOW_PROGRAM("exe_dmverity_roothash=%s"), digest,
			     NULL));
	EXPECT_EQ(GENERATES, generate(self->probe));
}

TEST_F(on_volume, signature)
{
	const int expected = variant->is_signed ? 0 : -EACCES;

	ASSERT_EQ(0, policy_enforce_rules(ALLOW_ONLY("dmverity_signature=TRUE")));
	EXPECT_EQ(expected, try_execve(self->probe));
	EXPECT_EQ(expected, try_mmap_path(self->probe));
}

/* Not what the file system below has not: nobody measured the image. */
TEST_F(on_volume, without_digest)
{
	char digest[DIGEST_TEXT];

	/* A digest that a file has, but not this one. */
	ASSERT_EQ(0, fsverity_measure(stage_path(PLACE_FSV, "probe"), digest));
	ASSERT_EQ(0, erofs_enforce(ALLOW_ONLY(IMAGE "=%s"), digest, NULL));
	EXPECT_EQ(-EACCES, try_execve(self->probe));
}

IPE_TEST_MAIN(audited_stage_setup, audited_stage_teardown)
