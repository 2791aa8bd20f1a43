// SPDX-License-Identifier: GPL-2.0-only
/*
 * Macros and inline functions of the kernel as functions that Rust can call.
 */
#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs_struct.h>
#include <linux/jump_label.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/task_work.h>
#include <linux/uidgid.h>

#if IS_ENABLED(CONFIG_DM_VERITY)
/* Only device-mapper knows the options of a table. */
#include "dm-core.h"
#include "dm-verity.h"
#endif

#include "helpers.h"

struct audit_context *rust_lsm_audit_context(void)
{
	return audit_context();
}

unsigned int rust_lsm_current_loginuid(void)
{
	return from_kuid(&init_user_ns, audit_get_loginuid(current));
}

unsigned int rust_lsm_current_sessionid(void)
{
	return audit_get_sessionid(current);
}

int rust_lsm_current_tgid(void)
{
	return task_tgid_nr(current);
}

void rust_lsm_current_comm(char comm[TASK_COMM_LEN])
{
	strscpy_pad(comm, current->comm, TASK_COMM_LEN);
}

const struct super_block *rust_lsm_current_root_superblock(void)
{
	return current->fs->root.mnt->mnt_sb;
}

struct inode *rust_lsm_d_real_inode(const struct dentry *dentry)
{
	return d_real_inode(dentry);
}

bool rust_lsm_current_in_execve(void)
{
	return current->in_execve;
}

bool rust_lsm_current_walks_path(void)
{
	return current->nameidata;
}

/* For a file of procfs, where names do not change. */
bool rust_lsm_is_process_memory(const struct file *file)
{
	return !strcmp(file->f_path.dentry->d_name.name, "mem");
}

#ifdef CONFIG_FS_VERITY
int rust_lsm_write_data(struct inode *inode)
{
	if (!inode->i_sb->s_vop)
		return 0;
	return filemap_write_and_wait(inode->i_mapping);
}

/*
 * An earlier read has its page in the cache, locked: this waits for it. A later read
 * waits for the lock, or for that of its page, and then sees the inode's new flags.
 *
 * Beyond the end of the data, ext4 and f2fs cache the tree of hashes. Its blocks are
 * verified up to the root hash, and ext4 does not release verified blocks.
 */
int rust_lsm_drop_data(struct inode *inode)
{
	struct address_space *mapping = inode->i_mapping;
	loff_t size = i_size_read(inode);
	int err;

	if (!size)
		return 0;
	filemap_invalidate_lock(mapping);
	err = invalidate_inode_pages2_range(mapping, 0,
					    (size - 1) >> PAGE_SHIFT);
	filemap_invalidate_unlock(mapping);
	return err;
}
#endif

struct rust_lsm_static_key rust_lsm_requests = { STATIC_KEY_FALSE_INIT };

void rust_lsm_begin_request(void)
{
	static_branch_inc(&rust_lsm_requests.key);
}

void rust_lsm_end_request(void)
{
	static_branch_dec(&rust_lsm_requests.key);
}

#ifdef CONFIG_IPE_TRIAL
/*
 * The address space of pointers to memory of each CPU is unknown to bindgen. GCC may
 * know it, and warns about a cast between two that does not go through a number.
 */
static unsigned long __percpu *percpu(struct rust_lsm_counters *counters)
{
	return (unsigned long __percpu *)(__force unsigned long)counters;
}

struct rust_lsm_counters *rust_lsm_counters_alloc(unsigned int number)
{
	return (struct rust_lsm_counters *)(__force unsigned long)__alloc_percpu(
		number * sizeof(unsigned long), __alignof__(unsigned long));
}

void rust_lsm_counters_free(struct rust_lsm_counters *counters)
{
	free_percpu(percpu(counters));
}

void rust_lsm_count(struct rust_lsm_counters *counters, unsigned int index)
{
	this_cpu_inc(percpu(counters)[index]);
}

u64 rust_lsm_counters_sum(struct rust_lsm_counters *counters, unsigned int index)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(&percpu(counters)[index], cpu));
	return sum;
}
#endif

static void release_held_file(struct callback_head *work)
{
	struct rust_lsm_held_file *held =
		container_of(work, struct rust_lsm_held_file, work);
	struct file *file = held->file;

	held->work.func = NULL;
	held->file = NULL;
	if (file)
		fput(file);
}

int rust_lsm_hold_file(struct rust_lsm_held_file *held, struct file *file)
{
	int err;

	/* The work stays queued when the file is taken out. */
	if (!held->work.func) {
		init_task_work(&held->work, release_held_file);
		err = task_work_add(current, &held->work, TWA_RESUME);
		if (err) {
			held->work.func = NULL;
			return err;
		}
	}
	if (held->file)
		fput(held->file);
	held->file = get_file(file);
	return 0;
}

#if IS_ENABLED(CONFIG_DM_VERITY)
/* For dm-verity's preresume: md->map is the table that it is called for. */
enum rust_lsm_verity_checks rust_lsm_verity_checks(const struct block_device *bdev)
{
	const struct mapped_device *md = bdev->bd_disk->private_data;
	const struct dm_table *table = rcu_dereference_protected(
		md->map, lockdep_is_held(&md->suspend_lock));
	const struct dm_verity *verity = table->targets[0].private;

	if (verity->mode == DM_VERITY_MODE_LOGGING)
		return RUST_LSM_VERITY_CHECKS_NEVER;
	return verity->validated_blocks ? RUST_LSM_VERITY_CHECKS_ONCE :
					  RUST_LSM_VERITY_CHECKS_ALWAYS;
}
#endif
