// SPDX-License-Identifier: GPL-2.0-only
/*
 * Macros and inline functions of the kernel as functions that Rust can call.
 */
#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fs_struct.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/uidgid.h>

#ifdef CONFIG_IPE_PROP_DM_VERITY
/* What the table's options are is known to device-mapper alone. */
#include "dm-core.h"
#include "dm-verity.h"
#endif

#include "helpers.h"

struct audit_context *ipe_helper_audit_context(void)
{
	return audit_context();
}

unsigned int ipe_helper_current_loginuid(void)
{
	return from_kuid(&init_user_ns, audit_get_loginuid(current));
}

unsigned int ipe_helper_current_sessionid(void)
{
	return audit_get_sessionid(current);
}

int ipe_helper_current_tgid(void)
{
	return task_tgid_nr(current);
}

void ipe_helper_current_comm(char comm[TASK_COMM_LEN])
{
	strscpy_pad(comm, current->comm, TASK_COMM_LEN);
}

const struct super_block *ipe_helper_current_root_superblock(void)
{
	return current->fs->root.mnt->mnt_sb;
}

struct inode *ipe_helper_d_real_inode(const struct dentry *dentry)
{
	return d_real_inode(dentry);
}

#ifdef CONFIG_IPE_PROP_DM_VERITY
/* For dm-verity's preresume: md->map is the table that it is called for. */
enum ipe_verity_checks ipe_helper_verity_checks(const struct block_device *bdev)
{
	const struct mapped_device *md = bdev->bd_disk->private_data;
	const struct dm_table *table = rcu_dereference_protected(
		md->map, lockdep_is_held(&md->suspend_lock));
	const struct dm_verity *verity = table->targets[0].private;

	if (verity->mode == DM_VERITY_MODE_LOGGING)
		return IPE_VERITY_CHECKS_NEVER;
	return verity->validated_blocks ? IPE_VERITY_CHECKS_ONCE :
					  IPE_VERITY_CHECKS_ALWAYS;
}
#endif
