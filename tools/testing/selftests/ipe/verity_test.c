// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the dm-verity properties of a volume and its mounts change, and
 * the next decision takes that into account
 */
#include <sys/mman.h>
#include <sys/mount.h>

#include "access.h"
#include "audit.h"
#include "fuse.h"
#include "harness.h"
#include "stage.h"

/* Changes while files are open. */
FIXTURE(state)
{
	int fd;
	char path[PATH_MAX];
	struct volume volume, linear;
};

FIXTURE_SETUP(state)
{
	self->fd = -1;
	ASSERT_EQ(0, ipe_reset());
}

FIXTURE_TEARDOWN_PARENT(state)
{
	EXPECT_EQ(0, ipe_reset());
	EXPECT_EQ(0, volume_close(&self->linear));
	EXPECT_EQ(0, volume_close(&self->volume));
}

static int open_volume(FIXTURE_DATA(state) *self, const struct image *image,
		       bool with_signature)
{
	int err;

	snprintf(self->path, sizeof(self->path), "%s/state", stage_dir());
	err = volume_open(&self->volume, image, with_signature, self->path);
	if (err)
		return err;
	strcat(self->path, "/probe");
	self->fd = open(self->path, O_RDONLY | O_CLOEXEC);
	return self->fd < 0 ? -errno : 0;
}

TEST_F(state, roothash_reloaded)
{
	NEEDS_PLACE(PLACE_DMV_SIGNED);
	ASSERT_EQ(0, open_volume(self, &stage_dmv, false));
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("dmverity_roothash=$dmv")));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	ASSERT_EQ(0, volume_reload(&self->volume, &stage_dmv_signed, false));
	/* The same open file is on another volume now. */
	EXPECT_EQ(-EACCES, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(-EACCES, try_execve_check(self->fd));
	ASSERT_EQ(0, volume_reload(&self->volume, &stage_dmv, false));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(0, close(self->fd));
}

TEST_F(state, signature_lost)
{
	NEEDS_PLACE(PLACE_DMV_SIGNED);
	ASSERT_EQ(0, open_volume(self, &stage_dmv_signed, true));
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("dmverity_signature=TRUE")));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	ASSERT_EQ(0, volume_reload(&self->volume, &stage_dmv_signed, false));
	EXPECT_EQ(-EACCES, try_mmap(self->fd, MAP_PRIVATE));
	ASSERT_EQ(0, volume_reload(&self->volume, &stage_dmv_signed, true));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(0, close(self->fd));
}

TEST_F(state, signature_gained)
{
	NEEDS_PLACE(PLACE_DMV_SIGNED);
	ASSERT_EQ(0, open_volume(self, &stage_dmv, false));
	ASSERT_EQ(0, stage_enforce(DENY_JUST("dmverity_signature=FALSE")));
	EXPECT_EQ(-EACCES, try_mmap(self->fd, MAP_PRIVATE));
	ASSERT_EQ(0, volume_reload(&self->volume, &stage_dmv_signed, true));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(0, close(self->fd));
}

/*
 * The kernel accepts a checksum as a root hash, which protects nothing. No
 * policy can name it, not even one that tries.
 */
TEST_F(state, roothash_of_unknown_algorithm)
{
	struct image image = stage_dmv;
	char file[PATH_MAX];
	int err;

	NEEDS_PLACE(PLACE_DMV_SIGNED);
	snprintf(file, sizeof(file), "%s/checksums", stage_dir());
	ASSERT_EQ(0, image_checksum(&image, file));
	err = open_volume(self, &image, false);
	if (err == -ENOENT)
		SKIP(return, "the kernel has no crc32c");
	ASSERT_EQ(0, err);
	EXPECT_LT(0, kernel_logged("^ipe: a dm-verity root hash of an algorithm "
				   "that no policy can name$"));
	/* The volume works, because its checksums are correct. */
	EXPECT_EQ(0, try_execve(self->path));

	err = image_enforce(&image, ONLY_ROOTHASH);
	if (ipe_is_strict()) {
		EXPECT_EQ(-EINVAL, err);
	} else {
		EXPECT_EQ(0, err);
		EXPECT_EQ(-EACCES, try_execve(self->path));
		EXPECT_EQ(-EACCES, try_mmap(self->fd, MAP_PRIVATE));
		ASSERT_EQ(0, ipe_reset());
	}
	/* It does not have the previous root hash, either. */
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("dmverity_roothash=$dmv")));
	EXPECT_EQ(-EACCES, try_execve(self->path));
	ASSERT_EQ(0, volume_reload(&self->volume, &stage_dmv, false));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	ASSERT_EQ(0, volume_reload(&self->volume, &image, false));
	EXPECT_EQ(-EACCES, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(0, close(self->fd));
}

/* The signature of another root hash opens nothing, and changes nothing. */
TEST_F(state, reload_with_bad_signature)
{
	struct image mixed = stage_dmv;

	NEEDS_PLACE(PLACE_DMV_SIGNED);
	strcpy(mixed.signature, stage_dmv_signed.signature);
	ASSERT_EQ(0, open_volume(self, &stage_dmv, false));
	ASSERT_EQ(0, stage_enforce(
			     ALLOW_ONLY("dmverity_signature=TRUE")
			     "op=EXECUTE dmverity_roothash=$dmv action=ALLOW\n"));
	EXPECT_GT(0, volume_reload(&self->volume, &mixed, true));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("dmverity_signature=TRUE")));
	EXPECT_EQ(-EACCES, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(0, close(self->fd));
}

/*
 * A volume that returns data found to be wrong has neither root hash nor
 * signature. The signature does not cover its options.
 */
TEST_F(state, ignores_corruption)
{
	static const char *const rules[] = {
		ALLOW_ONLY("dmverity_signature=TRUE"),
		ALLOW_ONLY("dmverity_roothash=$dmvsigned"),
	};
	struct image ignoring = stage_dmv_signed;
	unsigned int i;

	NEEDS_PLACE(PLACE_DMV_SIGNED);
	strcpy(ignoring.option, "ignore_corruption");
	ASSERT_EQ(0, open_volume(self, &ignoring, true));
	EXPECT_LT(0, kernel_logged("^ipe: a dm-verity volume that ignores "
				   "corruption has no property$"));
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		ASSERT_EQ(0, stage_enforce(rules[i]));
		EXPECT_EQ(-EACCES, try_mmap(self->fd, MAP_PRIVATE));
		EXPECT_EQ(-EACCES, try_execve(self->path));
		ASSERT_EQ(0, ipe_reset());
	}
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		ASSERT_EQ(0, stage_enforce(rules[i]));
		ASSERT_EQ(0, volume_reload(&self->volume, &stage_dmv_signed,
					   true));
		EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
		/* The same root hash, and the same signature. */
		ASSERT_EQ(0, volume_reload(&self->volume, &ignoring, true));
		EXPECT_EQ(-EACCES, try_mmap(self->fd, MAP_PRIVATE));
		ASSERT_EQ(0, ipe_reset());
	}
	EXPECT_EQ(0, close(self->fd));
}

/* A volume that checks each block only once has both, with a warning. */
TEST_F(state, checks_at_most_once)
{
	struct image once = stage_dmv_signed;

	NEEDS_PLACE(PLACE_DMV_SIGNED);
	strcpy(once.option, "check_at_most_once");
	ASSERT_EQ(0, open_volume(self, &once, true));
	EXPECT_LT(0, kernel_logged("^ipe: a dm-verity volume checks blocks "
				   "once: its disk may change unseen$"));
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("dmverity_signature=TRUE")));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(0, close(self->fd));
}

/*
 * The device goes, and another one with its number comes, without verity. It
 * must not inherit anything.
 */
TEST_F(state, device_replaced)
{
	char device[32], mount_at[PATH_MAX], path[PATH_MAX + 8];

	NEEDS_PLACE(PLACE_DMV_SIGNED);
	ASSERT_EQ(0, open_volume(self, &stage_dmv_signed, true));
	ASSERT_EQ(0, stage_enforce(
			     ALLOW_ONLY("dmverity_signature=TRUE")
			     "op=EXECUTE dmverity_roothash=$dmvsigned action=ALLOW\n"));
	EXPECT_EQ(0, try_execve(self->path));
	strcpy(device, self->volume.device);
	EXPECT_EQ(0, close(self->fd));
	ASSERT_EQ(0, volume_close(&self->volume));

	ASSERT_EQ(0, volume_open_linear(&self->linear, &stage_dmv_signed));
	EXPECT_STREQ(device, self->linear.device);
	snprintf(mount_at, sizeof(mount_at), "%s/state", stage_dir());
	ASSERT_EQ(0, mount(self->linear.device, mount_at, "squashfs",
			   MS_RDONLY, NULL));
	strcpy(self->linear.mount, mount_at);
	snprintf(path, sizeof(path), "%s/probe", mount_at);
	EXPECT_EQ(-EACCES, try_execve(path));
	EXPECT_EQ(-EACCES, try_mmap_path(path));
}

/*
 * dm-verity does not report that its table goes, because device-mapper lets no
 * other target follow it. What IPE knows of the device depends on that.
 */
TEST_F(state, no_linear_after_verity)
{
	NEEDS_PLACE(PLACE_DMV_SIGNED);
	ASSERT_EQ(0, open_volume(self, &stage_dmv_signed, true));
	EXPECT_EQ(-EINVAL, volume_load_linear(&self->volume, &stage_dmv_signed));
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("dmverity_signature=TRUE")));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(0, close(self->fd));
}

/*
 * A file system that holds the volume, but gets its contents from a program:
 * the properties of the volume do not apply.
 */
TEST_F(state, fuse_names_volume)
{
	static const char *const rules[] = {
		ALLOW_ONLY("dmverity_signature=TRUE"),
		ALLOW_ONLY("dmverity_roothash=$dmvsigned"),
	};
	struct fuse_server server;
	struct blob probe;
	char mount_at[PATH_MAX], path[PATH_MAX + 8];
	unsigned int i;
	int err;

	NEEDS_PLACE(PLACE_DMV_SIGNED);
	ASSERT_EQ(0, volume_open(&self->volume, &stage_dmv_signed, true, NULL));
	ASSERT_EQ(0, blob_read(stage_path(PLACE_TMPFS, "probe"), &probe));
	snprintf(mount_at, sizeof(mount_at), "%s/fuse", stage_dir());
	ASSERT_EQ(0, mkdir(mount_at, 0755));
	err = fuse_mount(&server, self->volume.device, mount_at, &probe);
	if (err == -ENOENT || err == -ENODEV)
		SKIP(return, "the kernel has no FUSE for block devices");
	ASSERT_EQ(0, err);
	snprintf(path, sizeof(path), "%s/probe", mount_at);
	EXPECT_EQ(0, try_execve(path));
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		ASSERT_EQ(0, stage_enforce(rules[i]));
		EXPECT_EQ(-EACCES, try_execve(path));
		EXPECT_EQ(-EACCES, try_mmap_path(path));
		EXPECT_EQ(-EACCES, try_mprotect_path(path));
		EXPECT_EQ(-EACCES, try_execve_check_path(path));
		ASSERT_EQ(0, ipe_reset());
	}
	EXPECT_EQ(0, fuse_unmount(&server));
	blob_free(&probe);
}

/* The same file system without device-mapper in between. */
TEST_F(state, without_verity)
{
	char device[32], mount_at[PATH_MAX], path[PATH_MAX + 8];

	NEEDS_PLACE(PLACE_DMV_SIGNED);
	ASSERT_EQ(0, loop_open(stage_dmv_signed.path, true, device));
	snprintf(mount_at, sizeof(mount_at), "%s/loop", stage_dir());
	ASSERT_EQ(0, mkdir(mount_at, 0755));
	ASSERT_EQ(0, mount(device, mount_at, "squashfs", MS_RDONLY, NULL));
	snprintf(path, sizeof(path), "%s/probe", mount_at);
	EXPECT_EQ(0, try_execve(path));
	ASSERT_EQ(0, stage_enforce(
			     ALLOW_ONLY("dmverity_signature=TRUE")
			     "op=EXECUTE dmverity_roothash=$dmvsigned action=ALLOW\n"));
	EXPECT_EQ(-EACCES, try_execve(path));
	EXPECT_EQ(0, umount2(mount_at, 0));
	EXPECT_EQ(0, loop_close(device));
}

/* Still open when it is not mounted anywhere. */
TEST_F(state, detached)
{
	NEEDS_PLACE(PLACE_DMV_SIGNED);
	ASSERT_EQ(0, open_volume(self, &stage_dmv_signed, true));
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("dmverity_signature=TRUE")));
	ASSERT_EQ(0, umount2(self->volume.mount, MNT_DETACH));
	self->volume.mount[0] = '\0';
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(0, try_execveat(self->fd));
	EXPECT_EQ(0, close(self->fd));
}

/* It does not matter where a file is seen, nor through which mount. */
TEST_F(state, bind_mount)
{
	char mount_at[PATH_MAX], path[PATH_MAX + 8];

	NEEDS_PLACE(PLACE_DMV_SIGNED);
	snprintf(mount_at, sizeof(mount_at), "%s/bound", stage_dir());
	ASSERT_EQ(0, mkdir(mount_at, 0755));
	ASSERT_EQ(0, mount(stage_path(PLACE_DMV_SIGNED, ""), mount_at, NULL,
			   MS_BIND, NULL));
	snprintf(path, sizeof(path), "%s/probe", mount_at);
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("dmverity_signature=TRUE")));
	EXPECT_EQ(0, try_execve(path));
	EXPECT_EQ(0, umount2(mount_at, 0));
	EXPECT_EQ(0, rmdir(mount_at));
}

/* A symbolic link stands for its target. */
TEST_F(state, symbolic_link)
{
	char link_path[PATH_MAX];

	NEEDS_PLACE(PLACE_DMV_SIGNED);
	snprintf(link_path, sizeof(link_path), "%s/to-probe", stage_dir());
	ASSERT_EQ(0, symlink(stage_path(PLACE_DMV_SIGNED, "probe"),
			     link_path));
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("dmverity_signature=TRUE")));
	EXPECT_EQ(0, try_execve(link_path));
	ASSERT_EQ(0, unlink(link_path));
	ASSERT_EQ(0, symlink(stage_path(PLACE_TMPFS, "probe"), link_path));
	EXPECT_EQ(-EACCES, try_execve(link_path));
	EXPECT_EQ(0, unlink(link_path));
}

/* A file system mounted over a directory of the initramfs is not part of it. */
TEST_F(state, over_initramfs)
{
	char path[PATH_MAX], dir[PATH_MAX];

	NEEDS_PLACE(PLACE_INITRAMFS);
	test_path(dir, sizeof(dir), "over");
	ASSERT_EQ(0, mkdir(dir, 0755));
	snprintf(path, sizeof(path), "%.4000s/probe", dir);
	ASSERT_EQ(0, copy_file(stage_path(PLACE_TMPFS, "probe"), path, 0755));
	ASSERT_EQ(0, stage_enforce(TRUST_INITRAMFS));
	/*
	 * The property belongs to the file system, whenever the file was
	 * created.
	 */
	EXPECT_EQ(0, try_execve(path));
	ASSERT_EQ(0, mount("tmpfs", dir, "tmpfs", 0, NULL));
	ASSERT_EQ(0, copy_file(stage_path(PLACE_TMPFS, "probe"), path, 0755));
	EXPECT_EQ(-EACCES, try_execve(path));
	EXPECT_EQ(0, umount2(dir, 0));
	EXPECT_EQ(0, try_execve(path));
	EXPECT_EQ(0, unlink(path));
	EXPECT_EQ(0, rmdir(dir));
}

IPE_TEST_MAIN(stage_setup, stage_teardown)
