// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - EROFS images that share the pages of files with one fingerprint
 */
#include <sys/mount.h>

#include "erofs.h"
#include "harness.h"
#include "probe.h"

#define SHARED "domain_id=ipe-test,inode_share"

/*
 * Two images have a "probe" of the same fingerprint and size: the trusted one exits
 * with PROBE_RAN, the other one with PROBE_CHANGED. "ordinary" has no fingerprint.
 */
FIXTURE(shared_page)
{
	char file[PATH_MAX], other_file[PATH_MAX];
	char at[PATH_MAX], other_at[PATH_MAX];
	char probe[PATH_MAX + 16], other_probe[PATH_MAX + 16];
	char ordinary[PATH_MAX + 16];
	struct image image;
	struct volume volume;
	bool mounted, other_mounted, opened;
};

FIXTURE_VARIANT(shared_page)
{
	const char *options;
	bool shares;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(shared_page, shares) { SHARED, true };
FIXTURE_VARIANT_ADD(shared_page, only_domain) { "domain_id=ipe-test", false };
FIXTURE_VARIANT_ADD(shared_page, neither) { NULL, false };
/* clang-format on */

FIXTURE_SETUP(shared_page)
{
	int err;

	if (access(erofs_made("shared-changed.img"), F_OK) ||
	    access(erofs_made("shared-original.img"), F_OK))
		SKIP(return, "there is no image with fingerprints");
	NEEDS_PLACE(PLACE_FSV);
	NEEDS_PLACE(PLACE_DMV_SIGNED);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, erofs_copy("shared-original.img", self->file));
	ASSERT_EQ(0, erofs_copy("shared-changed.img", self->other_file));
	snprintf(self->at, sizeof(self->at), "%s/shared-%d", stage_dir(), getpid());
	snprintf(self->other_at, sizeof(self->other_at), "%s/shared-other-%d",
		 stage_dir(), getpid());
	ASSERT_EQ(0, mkdir(self->at, 0755));
	ASSERT_EQ(0, mkdir(self->other_at, 0755));
	snprintf(self->probe, sizeof(self->probe), "%s/probe", self->at);
	snprintf(self->ordinary, sizeof(self->ordinary), "%s/ordinary", self->at);
	snprintf(self->other_probe, sizeof(self->other_probe), "%s/probe",
		 self->other_at);
	/* The other image comes first, so that its pages are those in the cache. */
	err = erofs_mount(self->other_file, self->other_at, SHARED);
	if (err == -EINVAL)
		SKIP(return, "EROFS of this kernel shares no pages");
	ASSERT_EQ(0, err);
	self->other_mounted = true;
	ASSERT_EQ(PROBE_CHANGED, try_run(self->other_probe));
}

FIXTURE_TEARDOWN(shared_page)
{
	EXPECT_EQ(0, ipe_reset());
	if (self->mounted)
		EXPECT_EQ(0, erofs_unmount(self->at));
	if (self->opened)
		EXPECT_EQ(0, volume_close(&self->volume));
	if (self->other_mounted)
		EXPECT_EQ(0, erofs_unmount(self->other_at));
	rmdir(self->at);
	rmdir(self->other_at);
	unlink(self->file);
	unlink(self->other_file);
}

static void mount_image(struct __test_metadata *_metadata,
			FIXTURE_DATA(shared_page) *self, const char *options)
{
	ASSERT_EQ(0, erofs_mount(self->file, self->at, options));
	self->mounted = true;
}

/* Shared pages are indeed those of the other image: otherwise the tests below prove nothing. */
TEST_F(shared_page, pages_of_the_other_image)
{
	ASSERT_EQ(0, erofs_enable(self->file));
	mount_image(_metadata, self, variant->options);
	EXPECT_EQ(variant->shares ? PROBE_CHANGED : PROBE_RAN,
		  try_run(self->probe));
	EXPECT_EQ(PROBE_RAN, try_run(self->ordinary));
}

TEST_F(shared_page, digest)
{
	char digest[DIGEST_TEXT];

	ASSERT_EQ(0, erofs_enable_and_use(self->file, self->at));
	mount_image(_metadata, self, variant->options);
	ASSERT_EQ(0, fsverity_measure(self->file, digest));
	ASSERT_EQ(0, erofs_trust(digest));
	EXPECT_ALL(variant->shares ? -EACCES : 0, self->probe);
	EXPECT_ALL(0, self->ordinary);
}

/* The file system of the shared pages is on no volume. */
TEST_F(shared_page, volume)
{
	const int expected = variant->shares ? -EACCES : 0;

	/* An image on a device does not share with one in a file. */
	ASSERT_EQ(0, erofs_unmount(self->other_at));
	self->other_mounted = false;
	ASSERT_EQ(0, image_find(&self->image, "shared"));
	ASSERT_EQ(0, volume_open(&self->volume, &self->image, true, NULL));
	self->opened = true;
	ASSERT_EQ(0, mount(self->volume.device, self->at, "erofs", MS_RDONLY,
			   variant->options));
	/* volume_close() unmounts it. */
	snprintf(self->volume.mount, sizeof(self->volume.mount), "%s", self->at);
	ASSERT_EQ(PROBE_RAN, try_run(self->probe));
	ASSERT_EQ(0, image_enforce(&self->image, ONLY_ROOTHASH));
	EXPECT_EQ(expected, try_mmap_path(self->probe));
	EXPECT_EQ(expected, try_mprotect_path(self->probe));
	EXPECT_EQ(0, try_mmap_path(self->ordinary));
	EXPECT_EQ(0, try_mprotect_path(self->ordinary));
	EXPECT_EQ(0, try_execve(self->ordinary));
}

IPE_TEST_MAIN(stage_setup, stage_teardown)
