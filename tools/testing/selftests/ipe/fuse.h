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
};

/*
 * Mounts a file system that holds the block device, and in which a child serves
 * one executable file, "probe", with those contents.
 */
int fuse_mount(struct fuse_server *server, const char *device, const char *at,
	       const struct blob *contents);
int fuse_unmount(struct fuse_server *server);

#endif /* IPE_SELFTEST_FUSE_H */
