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
#include <uapi/linux/fsverity.h>

struct audit_context *ipe_helper_audit_context(void);
unsigned int ipe_helper_current_loginuid(void);
unsigned int ipe_helper_current_sessionid(void);
int ipe_helper_current_tgid(void);
void ipe_helper_current_comm(char comm[TASK_COMM_LEN]);
const struct super_block *ipe_helper_current_root_superblock(void);
struct inode *ipe_helper_d_real_inode(const struct dentry *dentry);
bool ipe_helper_current_in_execve(void);
bool ipe_helper_current_walks_path(void);

/* Macros of C that have a cast or a size in them, which bindgen cannot read. */
enum ipe_constants {
	/* A flag in f_flags: __FMODE_EXEC. */
	IPE_OPENED_TO_EXECUTE = (__force unsigned int)FMODE_EXEC,
	/* Flags in f_mode. */
	IPE_FMODE_OPENED = (__force unsigned int)FMODE_OPENED,
	IPE_FMODE_BACKING = (__force unsigned int)FMODE_BACKING,
	IPE_FS_IOC_ENABLE_VERITY = (unsigned int)FS_IOC_ENABLE_VERITY,
};

/*
 * Writes the dirty pages of a file, if its file system has fs-verity. Returns 0 or a
 * negative errno. May sleep.
 */
int ipe_helper_write_data(struct inode *inode);

/*
 * Drops all pages that are cached of a file's data. Returns a negative errno where one
 * stays, -EBUSY for a dirty one. May sleep; takes the mapping's invalidate_lock, for
 * which the caller may hold an mmap lock.
 */
int ipe_helper_drop_data(struct inode *inode);

/*
 * In a task's blob: a file that the task holds until it returns to userspace, or NULL.
 * While the work has a function, it is among the task's works, which release the file.
 */
struct ipe_held_file {
	struct callback_head work;
	struct file *file;
};

/*
 * Holds the file in the place of the one that was held before, if any. Called by the
 * task itself. Returns -ESRCH where the task is exiting.
 */
int ipe_helper_hold_file(struct ipe_held_file *held, struct file *file);

/* How often dm-verity checks a block before it hands it out. */
enum ipe_verity_checks {
	IPE_VERITY_CHECKS_ALWAYS,
	IPE_VERITY_CHECKS_ONCE,
	IPE_VERITY_CHECKS_NEVER,
};

enum ipe_verity_checks
ipe_helper_verity_checks(const struct block_device *bdev);

#endif /* _IPE_HELPERS_H */
