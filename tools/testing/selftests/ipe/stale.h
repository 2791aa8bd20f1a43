/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - files whose page cache differs from the data that fs-verity
 * hashed
 */
#ifndef IPE_SELFTEST_STALE_H
#define IPE_SELFTEST_STALE_H

#include <linux/limits.h>

#include "fuse.h"

#define PAGE 4096UL

/* A plain user, who owns the file. */
#define STALE_USER 1000

struct stale {
	/* The attack: this page of this file is to become that one. */
	char path[PATH_MAX];
	size_t page;
	unsigned char changed[PAGE];
	/* NULL for fs-verity without a built-in signature. */
	const struct blob *signature;
	/* Whether fs-verity is enabled by a 32-bit system call, unsigned. */
	bool compat;

	struct fuse_server server;
	pid_t attacker;
};

/*
 * The user pins the page and enables fs-verity. The file has the hashed
 * contents until stale_change() lets the page change, either with the kernel's
 * knowledge (the page is dirty) or without it.
 */
int stale_begin(struct stale *stale, const char *mount_at);
int stale_change(struct stale *stale, bool dirty);
int stale_end(struct stale *stale);
bool stale_compat_possible(void);

#endif /* IPE_SELFTEST_STALE_H */
