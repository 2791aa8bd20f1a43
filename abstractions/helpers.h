/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions that C has as macros or inlines, and values from the private headers of a
 * subsystem. None of them is on the path of an allowed access, except on overlayfs.
 */
#ifndef _RUST_LSM_HELPERS_H
#define _RUST_LSM_HELPERS_H

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/jump_label.h>
#include <linux/sched.h>
#include <uapi/linux/fsverity.h>

struct audit_context *rust_lsm_audit_context(void);
unsigned int rust_lsm_current_loginuid(void);
unsigned int rust_lsm_current_sessionid(void);
int rust_lsm_current_tgid(void);
void rust_lsm_current_comm(char comm[TASK_COMM_LEN]);
const struct super_block *rust_lsm_current_root_superblock(void);
struct inode *rust_lsm_d_real_inode(const struct dentry *dentry);
bool rust_lsm_current_in_execve(void);
bool rust_lsm_current_walks_path(void);
bool rust_lsm_is_process_memory(const struct file *file);

/* Macros of C with a cast or a size, which bindgen cannot read. */
enum rust_lsm_constants {
	/* A flag in f_flags: __FMODE_EXEC. */
	RUST_LSM_OPENED_TO_EXECUTE = (__force unsigned int)FMODE_EXEC,
	/* Flags in f_mode. */
	RUST_LSM_FMODE_OPENED = (__force unsigned int)FMODE_OPENED,
	RUST_LSM_FMODE_BACKING = (__force unsigned int)FMODE_BACKING,
	/* Flags in s_flags. */
	RUST_LSM_SB_NOUSER = (unsigned int)SB_NOUSER,
	RUST_LSM_SB_INTERNAL = (unsigned int)(SB_NOUSER | SB_KERNMOUNT),
	RUST_LSM_SB_NOATIME = (unsigned int)SB_NOATIME,
#ifdef CONFIG_IPE_PROP_METADATA_BACKING
	RUST_LSM_SB_SPECIAL = (unsigned int)(SB_NOUSER | SB_KERNMOUNT | SB_NOATIME),
#else
	RUST_LSM_SB_SPECIAL = (unsigned int)(SB_NOUSER | SB_KERNMOUNT),
#endif
	/* A flag in d_flags. */
	RUST_LSM_DCACHE_OP_REAL = (unsigned int)DCACHE_OP_REAL,
	/* Where a file has its path, in bytes. */
	RUST_LSM_FILE_PATH = offsetof(struct file, f_path),
	RUST_LSM_FS_IOC_ENABLE_VERITY = (unsigned int)FS_IOC_ENABLE_VERITY,
};

/*
 * Writes the dirty pages of a file, if its file system has fs-verity. Returns 0 or a
 * negative errno. May sleep.
 */
int rust_lsm_write_data(struct inode *inode);

/*
 * Drops all pages that are cached of a file's data. Returns a negative errno where one
 * stays, -EBUSY for a dirty one. May sleep; takes the mapping's invalidate_lock, for
 * which the caller may hold an mmap lock.
 */
int rust_lsm_drop_data(struct inode *inode);

/* A static key as a member, for the macro of the kernel crate that asks it. */
struct rust_lsm_static_key {
	struct static_key_false key;
};

/* On while a request has begun and not ended. Both may sleep. */
extern struct rust_lsm_static_key rust_lsm_requests;
void rust_lsm_begin_request(void);
void rust_lsm_end_request(void);

/*
 * Traces a decision by the tracepoint of tracepoints.h. Does not sleep. The inode is that
 * of the object, or NULL.
 */
void rust_lsm_trace_decision(const char *op, size_t op_len, const char *hook,
			     size_t hook_len, bool allowed, int rule,
			     const struct inode *inode);

/*
 * Counters of which each CPU has its own, at 0 at first. Making them may sleep, and
 * returns NULL without memory.
 */
struct rust_lsm_counters;
struct rust_lsm_counters *rust_lsm_counters_alloc(unsigned int number);
void rust_lsm_counters_free(struct rust_lsm_counters *counters);
void rust_lsm_count(struct rust_lsm_counters *counters, unsigned int index);
u64 rust_lsm_counters_sum(struct rust_lsm_counters *counters, unsigned int index);

/*
 * In a task's blob: a file that the task holds until it returns to userspace, or NULL.
 * While the work has a function, it is among the task's works, which release the file.
 */
struct rust_lsm_held_file {
	struct callback_head work;
	struct file *file;
};

/*
 * Holds the file in the place of the one that was held before, if any. Called by the
 * task itself. Returns -ESRCH where the task is exiting.
 */
int rust_lsm_hold_file(struct rust_lsm_held_file *held, struct file *file);

/* How often dm-verity checks a block before it returns it. */
enum rust_lsm_verity_checks {
	RUST_LSM_VERITY_CHECKS_ALWAYS,
	RUST_LSM_VERITY_CHECKS_ONCE,
	RUST_LSM_VERITY_CHECKS_NEVER,
};

enum rust_lsm_verity_checks
rust_lsm_verity_checks(const struct block_device *bdev);

#endif /* _RUST_LSM_HELPERS_H */
