// SPDX-License-Identifier: GPL-2.0-only
/*
 * EROFS images that are mounted from files. No public header tells which file that is.
 */
#include <linux/mount.h>
#include <linux/xattr.h>

#include "erofs/internal.h"
#if IS_ENABLED(CONFIG_OVERLAY_FS)
#include "overlayfs/overlayfs.h"
#endif

#include "image.h"

/*
 * The file system of the shared pages is of EROFS, too, and has no erofs_sb_info. It is
 * the kernel's own, without a device.
 */
bool rust_lsm_shares_pages(const struct inode *inode)
{
	if (inode->i_sb->s_magic != EROFS_SUPER_MAGIC)
		return false;
#ifdef CONFIG_EROFS_FS_PAGE_CACHE_SHARE
	return S_ISREG(inode->i_mode) &&
	       (!inode->i_sb->s_fs_info || EROFS_I(inode)->sharedentry);
#else
	return false;
#endif
}

struct inode *rust_lsm_image_file(const struct super_block *sb)
{
	const struct erofs_sb_info *sbi = sb->s_fs_info;
	struct inode *inode;

	if (sb->s_magic != EROFS_SUPER_MAGIC || sb->s_bdev || !sbi)
		return NULL;
	if (!sbi->dif0.file || !sbi->devs || sbi->devs->extra_devices)
		return NULL;
#ifndef EROFS_WITHOUT_OFFSET
	if (sbi->dif0.fsoff)
		return NULL;
#endif
	inode = file_inode(sbi->dif0.file);
	/* The pages that EROFS reads must be those of this inode. */
	if (inode->i_mapping != sbi->dif0.file->f_mapping || rust_lsm_shares_pages(inode))
		return NULL;
	return inode;
}

bool rust_lsm_is_spread(const struct super_block *sb)
{
	const struct erofs_sb_info *sbi = sb->s_fs_info;

	if (sb->s_magic != EROFS_SUPER_MAGIC || !sbi || !sbi->devs)
		return false;
	return sbi->devs->extra_devices && !sbi->devs->flatdev;
}

#if IS_ENABLED(CONFIG_OVERLAY_FS)
const struct super_block *rust_lsm_composefs_image(const struct dentry *dentry)
{
	const struct super_block *sb = dentry->d_sb;
	struct ovl_fs *ofs = sb->s_fs_info;

	if (sb->s_magic != OVERLAYFS_SUPER_MAGIC || !ofs)
		return NULL;
	if (ofs->config.verity_mode != OVL_VERITY_REQUIRE || ofs->layers[0].mnt)
		return NULL;
	if (!ofs->numdatalayer || ovl_numlowerlayer(ofs) != 1)
		return NULL;
	/* Set when the file was opened, and never cleared without an upper layer. */
	if (!test_bit(OVL_VERIFIED_DIGEST, &OVL_I(d_inode(dentry))->flags))
		return NULL;
	return ofs->layers[1].mnt->mnt_sb;
}
#else
const struct super_block *rust_lsm_composefs_image(const struct dentry *dentry)
{
	return NULL;
}
#endif
