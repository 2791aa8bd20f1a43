/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What only EROFS knows of its superblocks and inodes. EROFS may be a module: its
 * structures are read, none of its functions is called.
 */
#ifndef _RUST_LSM_IMAGE_H
#define _RUST_LSM_IMAGE_H

#include <linux/fs.h>

#ifdef CONFIG_IPE_PROP_METADATA_BACKING
/*
 * The inode of the file that the image on this superblock is mounted from, or NULL. The
 * image is all of that file, and nothing else: it begins at its start, and has no other
 * device.
 *
 * The superblock is mounted or about to be, so EROFS holds the file open.
 */
struct inode *rust_lsm_image_file(const struct super_block *sb);

/*
 * Whether this is an EROFS image that has data on other devices or in other files than its
 * first one. The superblock is mounted or about to be.
 */
bool rust_lsm_is_spread(const struct super_block *sb);

/*
 * The superblock of the image whose digests tell the data of an overlay's file, or NULL.
 * The overlay is one of composefs: it has no upper layer, exactly one layer with metadata,
 * which is the image, and otherwise layers that only have data, which is used only if it
 * has the fs-verity digest that the metadata name. This file's data has been found so.
 *
 * The dentry is that of an open file of the overlay.
 */
const struct super_block *rust_lsm_composefs_image(const struct dentry *dentry);

/* Whether the inode's pages are shared with files of other images. */
bool rust_lsm_shares_pages(const struct inode *inode);
#endif

#endif /* _RUST_LSM_IMAGE_H */
