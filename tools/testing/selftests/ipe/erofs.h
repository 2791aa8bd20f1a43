/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - EROFS images that are mounted from a file, without a loop device
 */
#ifndef IPE_SELFTEST_EROFS_H
#define IPE_SELFTEST_EROFS_H

#include "access.h"
#include "stage.h"

/* The property that is about the image. */
#define IMAGE "metadata_backing_file_fsverity_digest"

/* All kinds of objects that an image has, by the digest that follows. */
#define TRUST_IMAGE                                                         \
	"DEFAULT action=DENY\n"                                             \
	"op=EXECUTE " IMAGE "=%s action=ALLOW\n"                            \
	"op=KMODULE " IMAGE "=%s action=ALLOW\n"

/* NULL if prepare has made images, else the reason. */
const char *erofs_missing(void);

/* images/NAME, which prepare has made. */
const char *erofs_made(const char *name);

/* Copies an image to the file system with fs-verity. */
int erofs_copy(const char *name, char *to);

int erofs_mount(const char *file, const char *at, const char *options);
int erofs_unmount(const char *at);

/* Enables fs-verity. */
int erofs_enable(const char *file);

/*
 * Does so, and mounts the image for the first time.  That mount has no digest, as EROFS
 * may have read pages that were cached before.
 */
int erofs_enable_and_use(const char *file, const char *at);

/*
 * Overwrites the file's blocks on the disk below its file system, from the given offset on, and
 * forgets what the kernel has read of it.
 */
int erofs_corrupt(const char *file, off_t from);

/* Makes rules active, in which the digests take the place of %s. */
int erofs_enforce(const char *rules, const char *first, const char *second);
int erofs_trust(const char *digest);

/* Loads the file as a module: 0 if that is allowed, though it is not one. */
int erofs_try_module(const char *path);

/* All ways to execute a file, or to load it. */
#define EXPECT_ALL(expected, path)                                          \
	do {                                                                \
		EXPECT_EQ(expected, try_execve(path));                      \
		EXPECT_EQ(expected, try_execve_check_path(path));           \
		EXPECT_EQ(expected, try_mmap_path(path));                   \
		EXPECT_EQ(expected, try_mprotect_path(path));               \
		EXPECT_EQ(expected, erofs_try_module(path));                \
	} while (0)

#endif
