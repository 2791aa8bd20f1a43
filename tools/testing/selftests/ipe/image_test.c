// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - files on an EROFS image that is mounted from a file, without a
 * loop device
 */
#include <linux/fsverity.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "audit.h"
#include "generate.h"
#include "harness.h"
#include "stage.h"

/* The property that is about the image. */
#define IMAGE "metadata_backing_file_fsverity_digest"

/* All kinds of objects that an image has, by the digest that follows. */
#define TRUST_IMAGE                                                         \
	"DEFAULT action=DENY\n"                                             \
	"op=EXECUTE " IMAGE "=%s action=ALLOW\n"                            \
	"op=KMODULE " IMAGE "=%s action=ALLOW\n"

static const char *missing;

/* images/NAME, which prepare has made. */
static const char *made(const char *name)
{
	static char path[PATH_MAX];
	char file[64];

	snprintf(file, sizeof(file), "images/%s", name);
	return test_path(path, sizeof(path), file);
}

FIXTURE(erofs)
{
	/* The backing file, its digest and its mount point. */
	char file[PATH_MAX], digest[DIGEST_TEXT], at[PATH_MAX];
	char probe[PATH_MAX];
	char loop[32];
	bool mounted;
};

/* Copies an image to the file system with fs-verity. */
static int image_copy(const char *name, char *to)
{
	snprintf(to, PATH_MAX, "%s-%s-%d", stage_path(PLACE_EXT4, "image"), name,
		 getpid());
	return copy_file(made(name), to, 0644);
}

static int mount_at(const char *file, const char *at, const char *options)
{
	return mount(file, at, "erofs", MS_RDONLY, options) ? -errno : 0;
}

static int image_unmount(const char *at)
{
	return umount(at) ? -errno : 0;
}

static int enable(const char *file)
{
	return fsverity_enable(file, FS_VERITY_HASH_ALG_SHA256, NULL);
}

/*
 * Does so, and mounts the image for the first time.  That mount has no digest, as EROFS
 * may have read pages that were cached before.
 */
static int enable_and_use(const char *file, const char *at)
{
	const int err = enable(file) ?: mount_at(file, at, NULL);

	return err ?: image_unmount(at);
}

#define MOUNT(self, options)                                                \
	do {                                                                \
		ASSERT_EQ(0, mount_at((self)->file, (self)->at, options));  \
		(self)->mounted = true;                                     \
	} while (0)

#define UNMOUNT(self)                                                       \
	do {                                                                \
		ASSERT_EQ(0, image_unmount((self)->at));                    \
		(self)->mounted = false;                                    \
	} while (0)

FIXTURE_SETUP(erofs)
{
	if (missing)
		SKIP(return, "%s", missing);
	NEEDS_PLACE(PLACE_FSV);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, image_copy("erofs.img", self->file));
	snprintf(self->at, sizeof(self->at), "%s/image-%d", stage_dir(),
		 getpid());
	ASSERT_EQ(0, mkdir(self->at, 0755));
	snprintf(self->probe, sizeof(self->probe), "%s/probe", self->at);
}

FIXTURE_TEARDOWN(erofs)
{
	EXPECT_EQ(0, ipe_reset());
	if (self->mounted)
		EXPECT_EQ(0, image_unmount(self->at));
	if (*self->loop)
		EXPECT_EQ(0, loop_close(self->loop));
	rmdir(self->at);
	unlink(self->file);
}

/* Enables fs-verity, and makes a policy active that trusts the digest. */
#define TRUST(self)                                                         \
	do {                                                                \
		ASSERT_EQ(0, fsverity_measure((self)->file, (self)->digest));\
		ASSERT_EQ(0, trust((self)->digest));                        \
	} while (0)

static int enforce(const char *rules, const char *first, const char *second)
{
	char text[2048];

	snprintf(text, sizeof(text), rules, first, second);
	return ipe_reset() ?: policy_enforce_rules(text);
}

static int trust(const char *digest)
{
	return enforce(TRUST_IMAGE, digest, digest);
}

static int try_module(const char *path)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -EIO;
	err = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	/* It is not a module, which the kernel finds out after it was allowed. */
	return err == -ENOEXEC ? 0 : err;
}

static void expect_all(struct __test_metadata *_metadata, const char *probe,
		       int expected)
{
	EXPECT_EQ(expected, try_execve(probe));
	EXPECT_EQ(expected, try_execve_check_path(probe));
	EXPECT_EQ(expected, try_mmap_path(probe));
	EXPECT_EQ(expected, try_mprotect_path(probe));
	EXPECT_EQ(expected, try_module(probe));
}

TEST_F(erofs, digest)
{
	ASSERT_EQ(0, enable_and_use(self->file, self->at));
	MOUNT(self, NULL);
	TRUST(self);
	expect_all(_metadata, self->probe, 0);
	/* The file itself is not on the image, nor is another one. */
	EXPECT_EQ(-EACCES, try_mmap_path(self->file));
	EXPECT_EQ(-EACCES, try_mmap_path(stage_path(PLACE_EXT4, "probe")));
	EXPECT_EQ(-EACCES, try_mmap_path(stage_path(PLACE_FSV, "probe")));
}

TEST_F(erofs, other_digest)
{
	ASSERT_EQ(0, enable_and_use(self->file, self->at));
	MOUNT(self, NULL);
	ASSERT_EQ(0, fsverity_measure(stage_path(PLACE_FSV, "probe"),
				      self->digest));
	ASSERT_EQ(0, trust(self->digest));
	expect_all(_metadata, self->probe, -EACCES);
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
	expect_all(_metadata, self->probe, 0);
}

TEST_F(erofs, denied_by_digest)
{
	char pattern[PATH_MAX];
	int audit;

	ASSERT_EQ(0, enable_and_use(self->file, self->at));
	MOUNT(self, NULL);
	ASSERT_EQ(0, fsverity_measure(self->file, self->digest));
	ASSERT_EQ(0, enforce(DENY_JUST(IMAGE "=%s"), self->digest, NULL));
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
	ASSERT_EQ(0, enable_and_use(self->file, self->at));
	MOUNT(self, NULL);
	ASSERT_EQ(0, fsverity_measure(self->file, self->digest));
	ASSERT_EQ(0, enforce(ALLOW_ONLY(IMAGE "=%s boot_verified=FALSE"),
			     self->digest, NULL));
	EXPECT_EQ(0, try_execve(self->probe));
	ASSERT_EQ(0, enforce(ALLOW_ONLY(IMAGE "=%s dmverity_signature=TRUE"),
			     self->digest, NULL));
	EXPECT_EQ(-EACCES, try_execve(self->probe));
}

TEST_F(erofs, without_fsverity)
{
	MOUNT(self, NULL);
	ASSERT_EQ(0, fsverity_measure(stage_path(PLACE_FSV, "probe"),
				      self->digest));
	ASSERT_EQ(0, trust(self->digest));
	expect_all(_metadata, self->probe, -EACCES);
}

/* What EROFS has read before, nobody has verified. */
TEST_F(erofs, fsverity_enabled_later)
{
	MOUNT(self, NULL);
	ASSERT_EQ(0, enable(self->file));
	TRUST(self);
	expect_all(_metadata, self->probe, -EACCES);
	/* The first use of the file does not change that. */
	EXPECT_EQ(-EACCES, try_mmap_path(self->file));
	expect_all(_metadata, self->probe, -EACCES);
	UNMOUNT(self);
	MOUNT(self, NULL);
	expect_all(_metadata, self->probe, 0);
}

/* Pages from before fs-verity may be cached: the first mount drops them. */
TEST_F(erofs, first_mount)
{
	ASSERT_EQ(0, enable(self->file));
	MOUNT(self, NULL);
	TRUST(self);
	expect_all(_metadata, self->probe, -EACCES);
	UNMOUNT(self);
	MOUNT(self, NULL);
	expect_all(_metadata, self->probe, 0);
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
	ASSERT_EQ(0, enable(self->file));
	ASSERT_EQ(0, fsverity_measure(self->file, self->digest));
	/* With a policy, a decision is the first use. */
	ASSERT_EQ(0, trust(self->digest));
	EXPECT_EQ(-EACCES, try_mmap_path(self->file));
	mounted = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
	ASSERT_LE(0, mounted);
	ASSERT_EQ(0, move_mount(mounted, "", AT_FDCWD, self->at,
				MOVE_MOUNT_F_EMPTY_PATH));
	self->mounted = true;
	close(mounted);
	close(context);
	ASSERT_EQ(0, trust(self->digest));
	expect_all(_metadata, self->probe, -EACCES);
}

/* A file that is opened before, and not again. */
TEST_F(erofs, source_is_descriptor)
{
	int context, mounted, file;

	ASSERT_EQ(0, enable_and_use(self->file, self->at));
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
	expect_all(_metadata, self->probe, 0);
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
	ASSERT_EQ(0, enable(self->file));
	MOUNT(self, "fsoffset=4096");
	UNMOUNT(self);
	MOUNT(self, "fsoffset=4096");
	TRUST(self);
	expect_all(_metadata, self->probe, -EACCES);
}

/* Some of the data is in another file. */
TEST_F(erofs, another_device)
{
	char blob[PATH_MAX], option[PATH_MAX + 16];

	ASSERT_EQ(0, copy_file(made("erofs-split.img"), self->file, 0644));
	ASSERT_EQ(0, image_copy("erofs-split.blob", blob));
	ASSERT_EQ(0, enable(self->file));
	snprintf(option, sizeof(option), "device=%s", blob);
	MOUNT(self, option);
	UNMOUNT(self);
	MOUNT(self, option);
	TRUST(self);
	expect_all(_metadata, self->probe, -EACCES);
	UNMOUNT(self);
	unlink(blob);
}

/* A loop device hides the file. */
TEST_F(erofs, loop_device)
{
	ASSERT_EQ(0, enable_and_use(self->file, self->at));
	ASSERT_EQ(0, loop_open(self->file, true, self->loop));
	ASSERT_EQ(0, mount_at(self->loop, self->at, NULL));
	self->mounted = true;
	TRUST(self);
	expect_all(_metadata, self->probe, -EACCES);
}

/* The path of the backing file does not matter once it is mounted. */
TEST_F(erofs, replaced)
{
	char other[PATH_MAX], digest[DIGEST_TEXT];

	ASSERT_EQ(0, enable_and_use(self->file, self->at));
	ASSERT_EQ(0, fsverity_measure(self->file, self->digest));
	MOUNT(self, NULL);
	ASSERT_EQ(0, image_copy("erofs-split.img", other));
	ASSERT_EQ(0, enable(other));
	ASSERT_EQ(0, fsverity_measure(other, digest));
	ASSERT_EQ(0, rename(other, self->file));
	ASSERT_EQ(0, trust(digest));
	expect_all(_metadata, self->probe, -EACCES);
	ASSERT_EQ(0, trust(self->digest));
	expect_all(_metadata, self->probe, 0);
}

/* Nobody can write to it. */
TEST_F(erofs, changed)
{
	ASSERT_EQ(0, enable_and_use(self->file, self->at));
	MOUNT(self, NULL);
	ASSERT_EQ(-1, open(self->file, O_WRONLY));
	EXPECT_EQ(EPERM, errno);
	ASSERT_EQ(-1, truncate(self->file, 0));
	EXPECT_EQ(EPERM, errno);
}

/* A file of the image as the layer of an overlay is that file still. */
TEST_F(erofs, below_overlay)
{
	char probe[PATH_MAX], name[32];

	ASSERT_EQ(0, enable_and_use(self->file, self->at));
	MOUNT(self, NULL);
	snprintf(name, sizeof(name), "over-image-%d", getpid());
	ASSERT_EQ(0, stage_overlay(name, self->at));
	snprintf(probe, sizeof(probe), "%s/%s/probe", stage_dir(), name);
	TRUST(self);
	EXPECT_EQ(0, try_execve(probe));
	EXPECT_EQ(0, try_mmap_path(probe));
	EXPECT_EQ(0, try_module(probe));
	snprintf(probe, sizeof(probe), "%s/%s", stage_dir(), name);
	EXPECT_EQ(0, umount(probe));
}

/* EROFS does not mount such files. */
TEST_F(erofs, stacked)
{
	char file[PATH_MAX], name[32];

	/* On another image. */
	ASSERT_EQ(0, copy_file(made("erofs-nested.img"), self->file, 0644));
	ASSERT_EQ(0, enable_and_use(self->file, self->at));
	MOUNT(self, NULL);
	snprintf(file, sizeof(file), "%s/image", self->at);
	EXPECT_GT(0, mount_at(file, stage_dir(), NULL));
	/* On an overlay. */
	snprintf(name, sizeof(name), "stacked-%d", getpid());
	ASSERT_EQ(0, stage_overlay(name, self->at));
	snprintf(file, sizeof(file), "%s/%s/image", stage_dir(), name);
	EXPECT_GT(0, mount_at(file, stage_dir(), NULL));
	snprintf(file, sizeof(file), "%s/%s", stage_dir(), name);
	EXPECT_EQ(0, umount(file));
}

/* The program has the property, too. */
TEST_F(erofs, of_program)
{
	ASSERT_EQ(0, enable_and_use(self->file, self->at));
	MOUNT(self, NULL);
	ASSERT_EQ(0, fsverity_measure(self->file, self->digest));
	ASSERT_EQ(0, enforce(ALLOW_PROGRAM("exe_" IMAGE "=%s"), self->digest,
			     NULL));
	EXPECT_EQ(GENERATES, generate(self->probe));
	EXPECT_EQ(GENERATES_NOTHING,
		  generate(stage_path(PLACE_EXT4, "probe")));
	ASSERT_EQ(0, enforce(DENY_PROGRAM("exe_" IMAGE "=%s"), self->digest,
			     NULL));
	EXPECT_EQ(GENERATES_NOTHING, generate(self->probe));
	EXPECT_EQ(GENERATES, generate(stage_path(PLACE_EXT4, "probe")));
}

/* An image in the initramfs is not the initramfs.  EROFS mounts none from a tmpfs. */
TEST_F(erofs, in_initramfs)
{
	const int err = mount_at(made("erofs.img"), self->at, NULL);

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

	if (missing)
		SKIP(return, "%s", missing);
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
	ASSERT_EQ(0, mount_at(file, self->at, NULL));
	self->mounted = true;
	snprintf(self->probe, sizeof(self->probe), "%s/probe", self->at);
}

FIXTURE_TEARDOWN(on_volume)
{
	EXPECT_EQ(0, ipe_reset());
	if (self->mounted)
		EXPECT_EQ(0, image_unmount(self->at));
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
	ASSERT_EQ(0, enforce(ALLOW_PROGRAM("exe_dmverity_roothash=%s"), digest,
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
	ASSERT_EQ(0, enforce(ALLOW_ONLY(IMAGE "=%s"), digest, NULL));
	EXPECT_EQ(-EACCES, try_execve(self->probe));
}

/*
 * A composefs: an overlay over an image and a directory with the data of large
 * files.
 */
FIXTURE(composefs)
{
	char file[PATH_MAX], digest[DIGEST_TEXT];
	/* The layers, and the overlay. */
	char image[PATH_MAX], data[PATH_MAX], at[PATH_MAX];
	char probe[PATH_MAX], source[PATH_MAX];
	bool image_mounted, mounted;
};

FIXTURE_SETUP(composefs)
{
	const char *const dir = stage_dir();

	if (missing)
		SKIP(return, "%s", missing);
	if (access(made("composefs.img"), F_OK))
		SKIP(return, "there is no composefs");
	NEEDS_PLACE(PLACE_FSV);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, image_copy("composefs.img", self->file));
	snprintf(self->image, PATH_MAX, "%s/metadata-%d", dir, getpid());
	snprintf(self->at, PATH_MAX, "%s/composefs-%d", dir, getpid());
	snprintf(self->probe, PATH_MAX, "%s/composefs-%d/probe", dir, getpid());
	snprintf(self->data, PATH_MAX, "%s-%d", stage_path(PLACE_EXT4, "data"),
		 getpid());
	snprintf(self->source, PATH_MAX, "%s-%d/probe",
		 stage_path(PLACE_EXT4, "data"), getpid());
	ASSERT_EQ(0, mkdir(self->image, 0755));
	ASSERT_EQ(0, mkdir(self->at, 0755));
	ASSERT_EQ(0, mkdir(self->data, 0755));
	ASSERT_EQ(0, copy_file(stage_path(PLACE_TMPFS, "probe"), self->source,
			       0755));
	ASSERT_EQ(0, enable_and_use(self->file, self->image));
	ASSERT_EQ(0, fsverity_measure(self->file, self->digest));
	ASSERT_EQ(0, mount_at(self->file, self->image, NULL));
	self->image_mounted = true;
	ASSERT_EQ(0, trust(self->digest));
}

FIXTURE_TEARDOWN(composefs)
{
	EXPECT_EQ(0, ipe_reset());
	if (self->mounted)
		EXPECT_EQ(0, image_unmount(self->at));
	if (self->image_mounted)
		EXPECT_EQ(0, image_unmount(self->image));
	rmdir(self->at);
	rmdir(self->image);
	unlink(self->source);
	rmdir(self->data);
	unlink(self->file);
}

static int overlay(const char *at, const char *format, ...)
{
	char options[4 * PATH_MAX] = "metacopy=on,redirect_dir=on,";
	const size_t len = strlen(options);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(options + len, sizeof(options) - len, format, arguments);
	va_end(arguments);
	return mount("overlay", at, "overlay", MS_RDONLY, options) ? -errno : 0;
}

#define OVERLAY(self, ...)                                                  \
	do {                                                                \
		ASSERT_EQ(0, overlay((self)->at, __VA_ARGS__));             \
		(self)->mounted = true;                                     \
	} while (0)

TEST_F(composefs, verified)
{
	ASSERT_EQ(0, enable(self->source));
	OVERLAY(self, "verity=require,lowerdir=%s::%s", self->image, self->data);
	expect_all(_metadata, self->probe, 0);
	/* Not by another way. */
	EXPECT_EQ(-EACCES, try_mmap_path(self->source));
	/* The other digest is that of the data, still. */
	ASSERT_EQ(0, fsverity_measure(self->source, self->digest));
	ASSERT_EQ(0, enforce(ALLOW_ONLY("fsverity_digest=%s"), self->digest,
			     NULL));
	EXPECT_EQ(0, try_execve(self->probe));
}

TEST_F(composefs, of_program)
{
	ASSERT_EQ(0, enable(self->source));
	OVERLAY(self, "verity=require,lowerdir=%s::%s", self->image, self->data);
	ASSERT_EQ(0, enforce(ALLOW_PROGRAM("exe_" IMAGE "=%s"), self->digest,
			     NULL));
	EXPECT_EQ(GENERATES, generate(self->probe));
	EXPECT_EQ(GENERATES_NOTHING, generate(self->source));
}

/* A small file is in the image. */
TEST_F(composefs, small)
{
	char name[PATH_MAX];

	OVERLAY(self, "verity=require,lowerdir=%s::%s", self->image, self->data);
	snprintf(name, sizeof(name), "%s", self->probe);
	strcpy(strrchr(name, '/'), "/name");
	EXPECT_EQ(0, try_mmap_path(name));
	EXPECT_EQ(0, try_module(name));
}

/* Data without fs-verity is not used at all. */
TEST_F(composefs, data_without_fsverity)
{
	OVERLAY(self, "verity=require,lowerdir=%s::%s", self->image, self->data);
	EXPECT_EQ(-1, open(self->probe, O_RDONLY));
	EXPECT_EQ(EIO, errno);
}

/* The overlay does not insist on the digest. */
TEST_F(composefs, not_required)
{
	ASSERT_EQ(0, enable(self->source));
	OVERLAY(self, "verity=on,lowerdir=%s::%s", self->image, self->data);
	expect_all(_metadata, self->probe, -EACCES);
}

/* Another layer has metadata, too. */
TEST_F(composefs, more_metadata)
{
	ASSERT_EQ(0, enable(self->source));
	OVERLAY(self, "verity=require,lowerdir=%s:%s::%s", stage_dir(),
		self->image, self->data);
	expect_all(_metadata, self->probe, -EACCES);
}

/* An upper layer can replace everything. */
TEST_F(composefs, upper_layer)
{
	char upper[PATH_MAX], work[PATH_MAX];

	snprintf(upper, sizeof(upper), "%s/upper-%d", stage_dir(), getpid());
	snprintf(work, sizeof(work), "%s/work-%d", stage_dir(), getpid());
	ASSERT_EQ(0, mkdir(upper, 0755));
	ASSERT_EQ(0, mkdir(work, 0755));
	ASSERT_EQ(0, enable(self->source));
	OVERLAY(self,
		"verity=require,lowerdir=%s::%s,upperdir=%s,workdir=%s",
		self->image, self->data, upper, work);
	expect_all(_metadata, self->probe, -EACCES);
}

static const char *setup(void)
{
	const char *reason = audited_stage_setup();

	if (reason)
		return reason;
	if (access(made("erofs.img"), F_OK))
		missing = "there is no image: mkfs.erofs is missing";
	return NULL;
}

IPE_TEST_MAIN(setup, audited_stage_teardown)
