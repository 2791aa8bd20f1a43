// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - an EROFS image on a dm-verity volume that has data on a second device,
 * which dm-verity does not check
 */
#include <sys/mount.h>

#include "erofs.h"
#include "generate.h"
#include "harness.h"
#include "probe.h"

FIXTURE(spread)
{
	struct image image;
	struct volume volume;
	char loop[32], at[PATH_MAX], probe[PATH_MAX];
	bool opened;
};

FIXTURE_VARIANT(spread)
{
	const char *image;
	/* What has the data of files, if the image has it not. */
	const char *blob;
	bool has_properties;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(spread, one_device) { "whole", NULL, true };
FIXTURE_VARIANT_ADD(spread, two_devices) { "spread", "erofs-split.blob", false };
/* clang-format on */

FIXTURE_SETUP(spread)
{
	char option[64] = "";

	if (erofs_missing())
		SKIP(return, "%s", erofs_missing());
	NEEDS_PLACE(PLACE_DMV_SIGNED);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, image_find(&self->image, variant->image));
	ASSERT_EQ(0, volume_open(&self->volume, &self->image, true, NULL));
	self->opened = true;
	if (variant->blob) {
		ASSERT_EQ(0, loop_open(erofs_made(variant->blob), true,
				       self->loop));
		snprintf(option, sizeof(option), "device=%s", self->loop);
	}
	snprintf(self->at, sizeof(self->at), "%s/spread-%d", stage_dir(),
		 getpid());
	ASSERT_EQ(0, mkdir(self->at, 0755));
	ASSERT_EQ(0, mount(self->volume.device, self->at, "erofs", MS_RDONLY,
			   option));
	/* volume_close() unmounts it. */
	snprintf(self->volume.mount, sizeof(self->volume.mount), "%s",
		 self->at);
	snprintf(self->probe, sizeof(self->probe), "%s/probe", self->at);
	/* Without a policy it runs: the data is where the image says. */
	ASSERT_EQ(PROBE_RAN, try_run(self->probe));
}

FIXTURE_TEARDOWN(spread)
{
	EXPECT_EQ(0, ipe_reset());
	if (self->opened)
		EXPECT_EQ(0, volume_close(&self->volume));
	if (*self->loop)
		EXPECT_EQ(0, loop_close(self->loop));
	rmdir(self->at);
}

static void expect(struct __test_metadata *_metadata, int expected,
		   const char *probe)
{
	EXPECT_EQ(expected, try_execve(probe));
	EXPECT_EQ(expected, try_execve_check_path(probe));
	EXPECT_EQ(expected, try_mmap_path(probe));
	EXPECT_EQ(expected, try_mprotect_path(probe));
}

TEST_F(spread, signature)
{

	ASSERT_EQ(0, policy_enforce_rules(ALLOW_ONLY("dmverity_signature=TRUE")));
	expect(_metadata, variant->has_properties ? 0 : -EACCES, self->probe);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, policy_enforce_rules(ALLOW_ONLY("dmverity_signature=FALSE")));
	expect(_metadata, variant->has_properties ? -EACCES : 0, self->probe);
}

TEST_F(spread, root_hash)
{
	ASSERT_EQ(0, image_enforce(&self->image, ONLY_ROOTHASH));
	expect(_metadata, variant->has_properties ? 0 : -EACCES, self->probe);
}

TEST_F(spread, program)
{
	char digest[DIGEST_TEXT];

	image_digest(&self->image, digest);
	ASSERT_EQ(0, erofs_enforce(ALLOW_PROGRAM("exe_dmverity_roothash=%s"),
				   digest, NULL));
	EXPECT_EQ(variant->has_properties ? GENERATES : GENERATES_NOTHING,
		  generate(self->probe));
}

IPE_TEST_MAIN(stage_setup, stage_teardown)
