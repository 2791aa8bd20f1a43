/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions that C has as macros or inlines, and what only headers of a subsystem's
 * own tell. None of them is on the path of an allowed access, but for that of
 * overlayfs.
 */
#ifndef _IPE_HELPERS_H
#define _IPE_HELPERS_H

#include <linux/fs.h>
#include <linux/sched.h>

struct audit_context *ipe_helper_audit_context(void);
unsigned int ipe_helper_current_loginuid(void);
unsigned int ipe_helper_current_sessionid(void);
int ipe_helper_current_tgid(void);
void ipe_helper_current_comm(char comm[TASK_COMM_LEN]);
const struct super_block *ipe_helper_current_root_superblock(void);
struct inode *ipe_helper_d_real_inode(const struct dentry *dentry);

/* How often dm-verity checks a block before it hands it out. */
enum ipe_verity_checks {
	IPE_VERITY_CHECKS_ALWAYS,
	IPE_VERITY_CHECKS_ONCE,
	IPE_VERITY_CHECKS_NEVER,
};

enum ipe_verity_checks
ipe_helper_verity_checks(const struct block_device *bdev);

#endif /* _IPE_HELPERS_H */
