// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - root hashes of each algorithm
 */
#include <ctype.h>

#include "access.h"
#include "harness.h"
#include "stage.h"

/*
 * Of the algorithms that the documentation names for root hashes, those that
 * kernels and veritysetup support.
 */
FIXTURE(algorithm)
{
	struct image image;
	struct volume volume;
	char mount[PATH_MAX];
	char probe[PATH_MAX + 8];
};

FIXTURE_VARIANT(algorithm)
{
	const char *name;
};

#define ALGORITHM(id, text) FIXTURE_VARIANT_ADD(algorithm, id) { .name = text }

ALGORITHM(sha256, "plain");
ALGORITHM(sha1, "sha1");
ALGORITHM(sha224, "sha224");
ALGORITHM(sha384, "sha384");
ALGORITHM(sha512, "sha512");
ALGORITHM(sha3_224, "sha3-224");
ALGORITHM(sha3_256, "sha3-256");
ALGORITHM(sha3_384, "sha3-384");
ALGORITHM(sha3_512, "sha3-512");
ALGORITHM(blake2b_512, "blake2b-512");
ALGORITHM(sm3, "sm3");
ALGORITHM(rmd160, "rmd160");

FIXTURE_SETUP(algorithm)
{
	int err;

	if (image_find(&self->image, variant->name))
		SKIP(return, "veritysetup made no volume with it");
	ASSERT_EQ(0, ipe_reset());
	snprintf(self->mount, sizeof(self->mount), "%s/volume-%s",
		 stage_dir(), variant->name);
	err = volume_open(&self->volume, &self->image, false, self->mount);
	if (err)
		SKIP(return, "the kernel opens no volume with it: %s",
		     strerror(-err));
	snprintf(self->probe, sizeof(self->probe), "%s/probe", self->mount);
}

FIXTURE_TEARDOWN_PARENT(algorithm)
{
	EXPECT_EQ(0, ipe_reset());
	EXPECT_EQ(0, volume_close(&self->volume));
}

TEST_F(algorithm, allowed)
{
	ASSERT_EQ(0, image_enforce(&self->image, ONLY_ROOTHASH));
	EXPECT_EQ(0, try_execve(self->probe));
	EXPECT_EQ(0, try_mmap_path(self->probe));
	/* Nothing else is allowed. */
	EXPECT_EQ(-EACCES, try_execve(stage_path(PLACE_TMPFS, "probe")));
}

TEST_F(algorithm, denied)
{
	ASSERT_EQ(0, image_enforce(&self->image, NOT_ROOTHASH));
	EXPECT_EQ(-EACCES, try_execve(self->probe));
	EXPECT_EQ(0, try_execve(stage_path(PLACE_TMPFS, "probe")));
}

TEST_F(algorithm, upper_case)
{
	char *at;

	for (at = self->image.root; *at; at++)
		*at = toupper(*at);
	ASSERT_EQ(0, image_enforce(&self->image, ONLY_ROOTHASH));
	EXPECT_EQ(0, try_execve(self->probe));
}

/* One digit differs, the first or the last. */
TEST_F(algorithm, other_digest)
{
	const size_t last = strlen(self->image.root) - 1;
	char first = self->image.root[0];

	self->image.root[0] = first == '0' ? '1' : '0';
	ASSERT_EQ(0, image_enforce(&self->image, ONLY_ROOTHASH));
	EXPECT_EQ(-EACCES, try_execve(self->probe));
	ASSERT_EQ(0, ipe_reset());

	self->image.root[0] = first;
	self->image.root[last] = self->image.root[last] == '0' ? '1' : '0';
	ASSERT_EQ(0, image_enforce(&self->image, ONLY_ROOTHASH));
	EXPECT_EQ(-EACCES, try_execve(self->probe));
}

/* The right digits under the name of another algorithm. */
TEST_F(algorithm, other_algorithm)
{
	static const char *const same_length[][2] = {
		{ "sha256", "sha3-256" },	{ "sha384", "sha3-384" },
		{ "sha512", "blake2b-512" },	{ "sha3-224", "sha224" },
		{ "sha3-256", "sm3" },		{ "sha3-384", "sha384" },
		{ "sha3-512", "sha512" },	{ "blake2b-512", "sha3-512" },
		{ "sm3", "blake2s-256" },	{ "rmd160", "sha1" },
		{ "sha1", "blake2b-160" },	{ "sha224", "sha3-224" },
	};
	const char *other = NULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(same_length); i++)
		if (!strcmp(same_length[i][0], self->image.algorithm))
			other = same_length[i][1];
	ASSERT_NE(NULL, other);
	strcpy(self->image.algorithm, other);
	ASSERT_EQ(0, image_enforce(&self->image, ONLY_ROOTHASH));
	EXPECT_EQ(-EACCES, try_execve(self->probe));
}

IPE_TEST_MAIN(stage_setup, stage_teardown)
