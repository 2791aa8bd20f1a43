// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - volumes and files change while decisions are made about them
 */
#include "race.h"

/* A volume changes while its files are used. */
static struct volume volume;
static int volume_fd = -1;

static void reload(struct shared *shared)
{
	change(shared, volume_reload(&volume, &stage_dmv_signed, true));
	change(shared, volume_reload(&volume, &stage_dmv, false));
}

static void ask_volume(struct shared *shared)
{
	int err = try_mmap(volume_fd, MAP_PRIVATE);

	if (!err)
		count(&shared->allowed);
	else if (err == -EACCES)
		count(&shared->denied);
	else
		count_wrong(shared, err);
}

/* Opens the volume and a file on it, under rules about the volume. */
static int open_changing(const char *rules)
{
	char path[PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "%s/changing", stage_dir());
	err = volume_open(&volume, &stage_dmv, false, path);
	if (err)
		return err;
	strcat(path, "/probe");
	volume_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (volume_fd < 0)
		return -errno;
	return stage_enforce(rules);
}

static int close_changing(void)
{
	close(volume_fd);
	return volume_close(&volume);
}

TEST_F_TIMEOUT(race, volume, LIMIT)
{
	NEEDS_PLACE(PLACE_DMV_SIGNED);
	ASSERT_EQ(0, open_changing(
			     "DEFAULT action=DENY\n"
			     "op=EXECUTE boot_verified=TRUE action=ALLOW\n"
			     "op=EXECUTE dmverity_roothash=$dmvsigned "
			     "action=ALLOW\n"));
	START(ask_volume, ask_volume, ask_allowed);
	/* In this process, which has the key with the signature. */
	while (self->shared->changes < 12)
		reload(self->shared);
	finish(_metadata, self, 0);
	EXPECT_LT(0, self->shared->allowed);
	EXPECT_LT(0, self->shared->denied);
	EXPECT_EQ(0, close_changing());
}

/*
 * A volume loses its signature together with its root hash: the new hash never
 * has the signature of the old one.
 */
static void ask_never(struct shared *shared)
{
	expect(shared, -EACCES, try_mmap(volume_fd, MAP_PRIVATE));
}

TEST_F_TIMEOUT(race, signature_of_before, LIMIT)
{
	NEEDS_PLACE(PLACE_DMV_SIGNED);
	ASSERT_EQ(0, open_changing("DEFAULT action=DENY\n"
				   "op=EXECUTE dmverity_roothash=$dmv "
				   "dmverity_signature=TRUE action=ALLOW\n"));
	START(ask_never, ask_never);
	while (self->shared->changes < 12)
		reload(self->shared);
	finish(_metadata, self, 0);
	EXPECT_LT(20, self->shared->right);
	EXPECT_EQ(0, close_changing());
}

/* fs-verity is enabled while the file is used. */
static char verity_path[PATH_MAX];

static void ask_file(struct shared *shared)
{
	static bool allowed;
	int err = try_mmap_path(verity_path);

	/* Once allowed, it stays allowed. */
	if (!err)
		allowed = true;
	if (err && (allowed || err != -EACCES))
		count_wrong(shared, err);
	else
		count(&shared->right);
}

TEST_F_TIMEOUT(race, fsverity, LIMIT)
{
	NEEDS_PLACE(PLACE_FSV);
	snprintf(verity_path, sizeof(verity_path), "%s-race",
		 stage_path(PLACE_EXT4, "probe"));
	ASSERT_EQ(0, copy_file(stage_path(PLACE_TMPFS, "probe"), verity_path,
			       0755));
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("fsverity_digest=$fsv")));
	START(ask_file, ask_file);
	usleep(200000);
	ASSERT_EQ(0, fsverity_enable(verity_path, 1, NULL));
	EXPECT_EQ(0, try_mmap_path(verity_path));
	usleep(200000);
	finish(_metadata, self, 0);
	EXPECT_LT(0, self->shared->right);
}

IPE_TEST_MAIN(audited_initramfs_setup, audited_stage_teardown)
