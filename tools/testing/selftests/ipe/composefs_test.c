// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - composefs: an overlay over an EROFS image that is mounted from a file,
 * and a directory with the data of large files
 */
#include <stdarg.h>
#include <sys/mount.h>

#include "erofs.h"
#include "generate.h"
#include "harness.h"

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

	if (erofs_missing())
		SKIP(return, "%s", erofs_missing());
	if (access(erofs_made("composefs.img"), F_OK))
		SKIP(return, "there is no composefs");
	NEEDS_PLACE(PLACE_FSV);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, erofs_copy("composefs.img", self->file));
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
	ASSERT_EQ(0, erofs_enable_and_use(self->file, self->image));
	ASSERT_EQ(0, fsverity_measure(self->file, self->digest));
	ASSERT_EQ(0, erofs_mount(self->file, self->image, NULL));
	self->image_mounted = true;
	ASSERT_EQ(0, erofs_trust(self->digest));
}

FIXTURE_TEARDOWN(composefs)
{
	EXPECT_EQ(0, ipe_reset());
	if (self->mounted)
		EXPECT_EQ(0, erofs_unmount(self->at));
	if (self->image_mounted)
		EXPECT_EQ(0, erofs_unmount(self->image));
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
	ASSERT_EQ(0, erofs_enable(self->source));
	OVERLAY(self, "verity=require,lowerdir=%s::%s", self->image, self->data);
	EXPECT_ALL(0, self->probe);
	/* Not by another way. */
	EXPECT_EQ(-EACCES, try_mmap_path(self->source));
	/* The other digest is that of the data, still. */
	ASSERT_EQ(0, fsverity_measure(self->source, self->digest));
	ASSERT_EQ(0, erofs_enforce(ALLOW_ONLY("fsverity_digest=%s"), self->digest,
			     NULL));
	EXPECT_EQ(0, try_execve(self->probe));
}

TEST_F(composefs, of_program)
{
	ASSERT_EQ(0, erofs_enable(self->source));
	OVERLAY(self, "verity=require,lowerdir=%s::%s", self->image, self->data);
	ASSERT_EQ(0, erofs_enforce(ALLOW_PROGRAM("exe_" IMAGE "=%s"), self->digest,
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
	EXPECT_EQ(0, erofs_try_module(name));
}

/* Data without fs-verity is not used at all. */
TEST_F(composefs, data_without_fsverity)
{
	OVERLAY(self, "verity=require,lowerdir=%s::%s", self->image, self->data);
	EXPECT_EQ(-1, open(self->probe, O_RDONLY));
	EXPECT_EQ(EIO, errno);
}

/* Nor is other data, whatever fs-verity says of it. */
TEST_F(composefs, other_data)
{
	ASSERT_EQ(0, copy_file(stage_path(PLACE_TMPFS, "name"), self->source,
			       0755));
	ASSERT_EQ(0, erofs_enable(self->source));
	OVERLAY(self, "verity=require,lowerdir=%s::%s", self->image, self->data);
	EXPECT_EQ(-1, open(self->probe, O_RDONLY));
	EXPECT_EQ(EIO, errno);
}

/* The disk below the data changes. */
TEST_F(composefs, corrupted)
{
	ASSERT_EQ(0, erofs_enable(self->source));
	OVERLAY(self, "verity=require,lowerdir=%s::%s", self->image, self->data);
	EXPECT_EQ(0, try_execve(self->probe));
	ASSERT_EQ(0, erofs_corrupt(self->source, 0));
	EXPECT_EQ(-EIO, try_execve(self->probe));
	EXPECT_EQ(-EIO, erofs_try_module(self->probe));
}

/* The redirect leads to a layer that has metadata, too. */
TEST_F(composefs, data_in_ordinary_layer)
{
	ASSERT_EQ(0, erofs_enable(self->source));
	OVERLAY(self, "verity=require,lowerdir=%s:%s", self->image, self->data);
	EXPECT_ALL(-EACCES, self->probe);
}

/* The overlay does not insist on the digest. */
TEST_F(composefs, not_required)
{
	ASSERT_EQ(0, erofs_enable(self->source));
	OVERLAY(self, "verity=on,lowerdir=%s::%s", self->image, self->data);
	EXPECT_ALL(-EACCES, self->probe);
}

/* Another layer has metadata, too. */
TEST_F(composefs, more_metadata)
{
	ASSERT_EQ(0, erofs_enable(self->source));
	OVERLAY(self, "verity=require,lowerdir=%s:%s::%s", stage_dir(),
		self->image, self->data);
	EXPECT_ALL(-EACCES, self->probe);
}

/* An upper layer can replace everything. */
TEST_F(composefs, upper_layer)
{
	char upper[PATH_MAX], work[PATH_MAX];

	snprintf(upper, sizeof(upper), "%s/upper-%d", stage_dir(), getpid());
	snprintf(work, sizeof(work), "%s/work-%d", stage_dir(), getpid());
	ASSERT_EQ(0, mkdir(upper, 0755));
	ASSERT_EQ(0, mkdir(work, 0755));
	ASSERT_EQ(0, erofs_enable(self->source));
	OVERLAY(self,
		"verity=require,lowerdir=%s::%s,upperdir=%s,workdir=%s",
		self->image, self->data, upper, work);
	EXPECT_ALL(-EACCES, self->probe);
}

IPE_TEST_MAIN(audited_stage_setup, audited_stage_teardown)
