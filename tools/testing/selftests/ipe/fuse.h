/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - a file system whose data comes from a program
 */
#ifndef IPE_SELFTEST_FUSE_H
#define IPE_SELFTEST_FUSE_H

#include <linux/limits.h>

#include "common.h"

struct fuse_server {
	pid_t pid;
	char mount[PATH_MAX];
	/* The commands to servers that fuse_mount_slow() starts. */
	int orders, reports;
};

/*
 * Mounts a file system that holds the block device. A child serves one
 * executable file in it, "probe", with these contents.
 */
int fuse_mount(struct fuse_server *server, const char *device, const char *at,
	       const struct blob *contents);
int fuse_unmount(struct fuse_server *server);

/*
 * Mounts a file system without a device, whose file can be opened only once:
 * later opens return -ENOEXEC.
 */
int fuse_mount_once(struct fuse_server *server, const char *at,
		    const struct blob *contents);

/*
 * Mounts a file system of that user without a device. Its file, "probe", has
 * two blocks; reads bypass the page cache and go directly to the memory of the
 * reader. A read of both waits until fuse_answer() lets the server answer it,
 * or copy only the first block and wait again.
 */
int fuse_mount_slow(struct fuse_server *server, const char *at,
		    const struct blob *contents, uid_t user);
int fuse_wait_for_read(const struct fuse_server *server);
int fuse_answer(const struct fuse_server *server, bool stall);
int fuse_abort(struct fuse_server *server);

#endif /* IPE_SELFTEST_FUSE_H */
