// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - EROFS images that are mounted from a file, without a loop device
 */
#include <linux/fs.h>
#include <linux/fsverity.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "erofs.h"

const char *erofs_missing(void)
{
	if (access(erofs_made("erofs.img"), F_OK))
		return "there is no image: mkfs.erofs is missing";
	return NULL;
}

const char *erofs_made(const char *name)
{
	static char path[PATH_MAX];
	char file[64];

	snprintf(file, sizeof(file), "images/%s", name);
	return test_path(path, sizeof(path), file);
}

int erofs_copy(const char *name, char *to)
{
	snprintf(to, PATH_MAX, "%s-%s-%d", stage_path(PLACE_EXT4, "image"), name,
		 getpid());
	return copy_file(erofs_made(name), to, 0644);
}

int erofs_mount(const char *file, const char *at, const char *options)
{
	return mount(file, at, "erofs", MS_RDONLY, options) ? -errno : 0;
}

int erofs_unmount(const char *at)
{
	return umount(at) ? -errno : 0;
}

int erofs_enable(const char *file)
{
	return fsverity_enable(file, FS_VERITY_HASH_ALG_SHA256, NULL);
}

int erofs_enable_and_use(const char *file, const char *at)
{
	const int err = erofs_enable(file) ?: erofs_mount(file, at, NULL);

	return err ?: erofs_unmount(at);
}

int erofs_corrupt(const char *file, off_t from)
{
	char path[PATH_MAX], garbage[4096];
	int err = 0, fd, disk, block;
	struct stat st;

	/* The file behind the loop device, as nobody may write to a mounted one. */
	snprintf(path, sizeof(path), "%s/ext4.img", stage_dir());
	memset(garbage, 0xaa, sizeof(garbage));
	fd = open(file, O_RDONLY | O_CLOEXEC);
	disk = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || disk < 0 || fstat(fd, &st) || fsync(fd) ||
	    (size_t)st.st_blksize > sizeof(garbage))
		err = errno ? -errno : -EINVAL;
	for (off_t at = from; !err && at < st.st_size; at += st.st_blksize) {
		block = at / st.st_blksize;
		if (ioctl(fd, FIBMAP, &block))
			err = -errno;
		else if (!block)
			err = -ENXIO;
		else if (pwrite(disk, garbage, st.st_blksize,
				(off_t)block * st.st_blksize) != st.st_blksize)
			err = -EIO;
	}
	if (fd >= 0)
		close(fd);
	if (disk >= 0)
		close(disk);
	return err ?: write_string("/proc/sys/vm/drop_caches", "1");
}

int erofs_enforce(const char *rules, const char *first, const char *second)
{
	char text[2048];

	snprintf(text, sizeof(text), rules, first, second);
	return ipe_reset() ?: policy_enforce_rules(text);
}

int erofs_trust(const char *digest)
{
	return erofs_enforce(TRUST_IMAGE, digest, digest);
}

int erofs_try_module(const char *path)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -EIO;
	err = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	/* It is not a module, which the kernel finds out after it was allowed. */
	return err == -ENOEXEC ? 0 : err;
}
