// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - policies without a signature, from files that the active policy
 * allows
 */
#include <linux/fsverity.h>
#include <sys/mman.h>

#include "origin.h"

/* Other kernels take no path, whether a policy is active or not. */
const char *origin_missing(void)
{
	if (origin_load("/") == -EBADMSG)
		return "this kernel's IPE loads no policies by their path";
	return NULL;
}

int origin_write_text(const char *path, const void *text, size_t len)
{
	int fd, err;

	if (unlink(path) && errno != ENOENT)
		return -errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	err = len ? write_fd(fd, text, len) : 0;
	close(fd);
	return err;
}

int origin_write(const char *path, const char *name,
		 const struct ipe_version *version, const char *rules)
{
	struct blob text;
	int err;

	err = policy_text(&text, name, version, rules);
	if (err)
		return err;
	err = origin_write_text(path, text.data, text.len);
	blob_free(&text);
	return err;
}

/* The memory stays open for reading alone, as a writer would be refused. */
int origin_memfd(char *path, size_t size, const char *rules)
{
	struct blob text;
	int fd, err, reader;
	char own[64];

	err = policy_text(&text, ORIGIN_NAME, NULL, rules);
	if (err)
		return err;
	fd = memfd_create("policy", MFD_CLOEXEC);
	if (fd < 0) {
		err = -errno;
	} else {
		err = write_fd(fd, text.data, text.len);
		snprintf(own, sizeof(own), "/proc/self/fd/%d", fd);
		reader = open(own, O_RDONLY | O_CLOEXEC);
		if (!err && reader < 0)
			err = -errno;
		close(fd);
		snprintf(path, size, "/proc/self/fd/%d", reader);
	}
	blob_free(&text);
	return err;
}

int origin_protect(const char *path, const char *twin,
		   char digest[DIGEST_TEXT])
{
	struct blob signature;
	int err;

	if (!twin) {
		err = fsverity_enable(path, FS_VERITY_HASH_ALG_SHA256, NULL);
	} else {
		err = fsverity_sign(twin, &signature);
		if (err)
			return err;
		err = fsverity_enable(path, FS_VERITY_HASH_ALG_SHA256,
				      &signature);
		blob_free(&signature);
	}
	return err ?: fsverity_measure(path, digest);
}

int origin_load(const char *path)
{
	return write_string(IPE_NEW_POLICY, path);
}

int origin_update(const char *name, const char *path)
{
	return write_string(policy_file(name, "update"), path);
}
