// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the fs-verity properties of a file change, and the next decision
 * takes that into account
 */
#include <linux/fsverity.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "access.h"
#include "harness.h"
#include "stage.h"

/* A file that is open while it changes. */
FIXTURE(state)
{
	int fd;
	char path[PATH_MAX];
};

FIXTURE_SETUP(state)
{
	self->fd = -1;
	ASSERT_EQ(0, ipe_reset());
}

RESET_AFTER(state)

/* A copy of the probe where fs-verity can be enabled, open for reading. */
static int new_file(char *path, const char *name)
{
	int err, fd;

	snprintf(path, PATH_MAX, "%s-%d", stage_path(PLACE_EXT4, name),
		 getpid());
	err = copy_file(stage_path(PLACE_TMPFS, "probe"), path, 0755);
	if (err)
		return err;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

TEST_F(state, fsverity_enabled)
{
	NEEDS_PLACE(PLACE_FSV);
	self->fd = new_file(self->path, "enabled");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("fsverity_digest=$fsv")));
	EXPECT_EQ(-EACCES, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(-EACCES, try_execveat(self->fd));
	ASSERT_EQ(0, fsverity_enable(self->path, FS_VERITY_HASH_ALG_SHA256,
				     NULL));
	/* The same open file. */
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(0, try_execveat(self->fd));
	EXPECT_EQ(0, try_execve(self->path));
}

TEST_F(state, fsverity_enabled_is_denied)
{
	NEEDS_PLACE(PLACE_FSV);
	self->fd = new_file(self->path, "revoked");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, stage_enforce(DENY_JUST("fsverity_digest=$fsv")));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	ASSERT_EQ(0, fsverity_enable(self->path, FS_VERITY_HASH_ALG_SHA256,
				     NULL));
	EXPECT_EQ(-EACCES, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(-EACCES, try_execve(self->path));
}

TEST_F(state, fsverity_signature_enabled)
{
	struct blob signature;

	NEEDS_PLACE(PLACE_FSV_SIGNED);
	self->fd = new_file(self->path, "signed");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("fsverity_signature=TRUE")));
	EXPECT_EQ(-EACCES, try_mmap(self->fd, MAP_PRIVATE));
	ASSERT_EQ(0, fsverity_sign(stage_path(PLACE_FSV, "probe"), &signature));
	ASSERT_EQ(0, fsverity_enable(self->path, FS_VERITY_HASH_ALG_SHA256,
				     &signature));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(0, try_execve(self->path));
	blob_free(&signature);
}

/* An invalid signature leaves the file unchanged. */
TEST_F(state, fsverity_bad_signature)
{
	struct blob signature;

	NEEDS_PLACE(PLACE_FSV_SIGNED);
	self->fd = new_file(self->path, "unsigned");
	ASSERT_LE(0, self->fd);
	/* The signature of another file. */
	ASSERT_EQ(0, fsverity_sign(stage_path(PLACE_FSV, "name"), &signature));
	ASSERT_GT(0, fsverity_enable(self->path, FS_VERITY_HASH_ALG_SHA256,
				     &signature));
	ASSERT_EQ(0, stage_enforce(DENY_JUST("fsverity_signature=FALSE")));
	EXPECT_EQ(-EACCES, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(-EACCES, try_execve(self->path));
	blob_free(&signature);
}

/* Takes all blocks that are free, so that fs-verity cannot store its descriptor. */
static int fill(const char *path)
{
	off_t size = 0, piece = 1 << 20;
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	while (piece >= 4096) {
		if (fallocate(fd, 0, size, piece))
			piece /= 2;
		else
			size += piece;
	}
	close(fd);
	return errno == ENOSPC ? 0 : -errno;
}

/* An attempt with a valid signature fails, another one succeeds, with other data. */
TEST_F(state, fsverity_signature_of_a_failed_attempt)
{
	char filler[PATH_MAX];
	struct blob signature;

	NEEDS_PLACE(PLACE_FSV_SIGNED);
	snprintf(self->path, sizeof(self->path), "%s-%d",
		 stage_path(PLACE_EXT4, "failed"), getpid());
	snprintf(filler, sizeof(filler), "%s-%d",
		 stage_path(PLACE_EXT4, "filler"), getpid());
	/* It is so short that its hashes need no block. */
	ASSERT_EQ(0, copy_file(stage_path(PLACE_FSV, "name"), self->path, 0755));
	self->fd = open(self->path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, fsverity_sign(stage_path(PLACE_FSV, "name"), &signature));
	ASSERT_EQ(0, fill(filler));
	EXPECT_EQ(-ENOSPC, fsverity_enable(self->path, FS_VERITY_HASH_ALG_SHA256,
					   &signature));
	ASSERT_EQ(0, unlink(filler));
	ASSERT_EQ(0, copy_file(stage_path(PLACE_TMPFS, "probe"), self->path, 0755));
	ASSERT_EQ(0, fsverity_enable(self->path, FS_VERITY_HASH_ALG_SHA256,
				     NULL));
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("fsverity_signature=TRUE")));
	EXPECT_EQ(-EACCES, try_mmap(self->fd, MAP_PRIVATE));
	EXPECT_EQ(-EACCES, try_execve(self->path));
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("fsverity_signature=FALSE")));
	EXPECT_EQ(0, try_execve(self->path));
	blob_free(&signature);
}

/* The kernel finds out again after it has evicted the inode. */
TEST_F(state, fsverity_evicted)
{
	const char *path = stage_path(PLACE_FSV_SIGNED, "probe");

	NEEDS_PLACE(PLACE_FSV_SIGNED);
	ASSERT_EQ(0, stage_enforce(ALLOW_ONLY("fsverity_signature=TRUE "
					      "fsverity_digest=$fsv")));
	EXPECT_EQ(0, try_execve(path));
	ASSERT_EQ(0, write_string("/proc/sys/vm/drop_caches", "3"));
	EXPECT_EQ(0, try_execve(path));
	EXPECT_EQ(-EACCES, try_execve(stage_path(PLACE_FSV, "probe")));
}

/* Neither digest nor signature is copied with the contents. */
TEST_F(state, fsverity_copied)
{
	NEEDS_PLACE(PLACE_FSV_SIGNED);
	self->fd = new_file(self->path, "copied");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, stage_enforce(
			     ALLOW_ONLY("fsverity_digest=$fsv")
			     "op=EXECUTE fsverity_signature=TRUE action=ALLOW\n"));
	EXPECT_EQ(-EACCES, try_execve(self->path));
	EXPECT_EQ(0, try_execve(stage_path(PLACE_FSV_SIGNED, "probe")));
	/* A hard link is the same file. */
	strcat(self->path, "-link");
	ASSERT_EQ(0, link(stage_path(PLACE_FSV_SIGNED, "probe"), self->path));
	EXPECT_EQ(0, try_execve(self->path));
}

/* Reads the first bytes through a mapping of the descriptor. */
static bool maps(int fd, const char *begin)
{
	const size_t len = strlen(begin);
	void *at = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	bool same;

	if (at == MAP_FAILED)
		return false;
	same = !memcmp(at, begin, len);
	munmap(at, len);
	return same;
}

/*
 * A file on an overlay is copied up while it is open. Readers then get the
 * copy, and mappings the lower file: IPE must judge the one that is used.
 */
TEST_F(state, overlay_copied_up)
{
	char ext4[PATH_MAX], lower[PATH_MAX], merged[PATH_MAX];
	char file[PATH_MAX + 16], copy[PATH_MAX + 16], options[3 * PATH_MAX];
	char before[64];
	struct blob signature, genuine;
	int fd;

	NEEDS_PLACE(PLACE_FSV_SIGNED);
	snprintf(ext4, sizeof(ext4), "%s", stage_path(PLACE_EXT4, "probe"));
	*strrchr(ext4, '/') = '\0';
	snprintf(lower, sizeof(lower), "%s/copied-lower", stage_dir());
	snprintf(merged, sizeof(merged), "%s/copied-merged", stage_dir());
	ASSERT_EQ(0, mkdir(lower, 0755));
	ASSERT_EQ(0, mkdir(merged, 0755));
	snprintf(file, sizeof(file), "%s/upper", ext4);
	ASSERT_EQ(0, mkdir(file, 0755));
	snprintf(file, sizeof(file), "%s/work", ext4);
	ASSERT_EQ(0, mkdir(file, 0755));
	snprintf(file, sizeof(file), "%s/probe", lower);
	/* It is not a program, but the kernel does not know that yet. */
	ASSERT_EQ(0, copy_file(stage_path(PLACE_TMPFS, "name"), file, 0755));
	ASSERT_LT(0, read_file(file, before, sizeof(before)));
	snprintf(options, sizeof(options),
		 "lowerdir=%s,upperdir=%s/upper,workdir=%s/work", lower, ext4,
		 ext4);
	if (mount("overlay", merged, "overlay", 0, options))
		SKIP(return, "no overlayfs");

	snprintf(file, sizeof(file), "%s/probe", merged);
	snprintf(copy, sizeof(copy), "%s/upper/probe", ext4);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, stage_enforce(
			     TRUST_INITRAMFS
			     "op=EXECUTE fsverity_signature=TRUE action=ALLOW\n"));
	EXPECT_EQ(-EACCES, try_mmap(fd, MAP_PRIVATE));

	/* The copy becomes a signed program. */
	ASSERT_EQ(0, chmod(file, 0700));
	ASSERT_EQ(0, blob_read(stage_path(PLACE_TMPFS, "probe"), &genuine));
	ASSERT_EQ(0, write_file(copy, genuine.data, genuine.len));
	ASSERT_EQ(0, fsverity_sign(stage_path(PLACE_FSV, "probe"), &signature));
	ASSERT_EQ(0, fsverity_enable(copy, FS_VERITY_HASH_ALG_SHA256,
				     &signature));
	EXPECT_EQ(0, try_mmap_path(file));
	EXPECT_EQ(0, try_execve(file));

	/* The open descriptor still maps the lower file, which is not signed. */
	EXPECT_TRUE(maps(fd, before));
	EXPECT_EQ(-EACCES, try_mmap(fd, MAP_PRIVATE));
	EXPECT_EQ(-EACCES, try_mprotect(fd));
	/* Reads get the copy. */
	EXPECT_EQ(0, try_execve_check(fd));

	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, umount2(merged, 0));
	blob_free(&genuine);
	blob_free(&signature);
}

IPE_TEST_MAIN(stage_setup, stage_teardown)
