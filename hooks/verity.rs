// SPDX-License-Identifier: GPL-2.0-only

//! Whether what is read from a file is what fs-verity has hashed.
//!
//! fs-verity checks a page when it is read from the disk. Pages that were cached before it was enabled
//! stay in the cache, and were hashed there; but such a page can still change afterwards, by somebody
//! who has held it since then: as the target of a direct read that takes its time, for example. So a
//! file is marked when somebody is about to enable fs-verity, and the cache of its data is dropped at
//! the first use of the file that a policy may have to judge.

use super::module::Ipe;
use crate::abstractions::fs::Inode;

/// Somebody asks for fs-verity on the file, with or without the right to.
///
/// A file that has it is not marked: once its cache has been dropped, nobody can have it dropped again.
///
/// # Context
///
/// May sleep.
#[cold]
#[inline(never)]
pub(super) fn enabling(inode: &Inode) {
    if inode.has_verity() {
        return;
    }
    inode.blob::<Ipe>().set_unverified_pages(true);
    // A dirty page cannot be dropped later. Not every file system writes them before it enables
    // fs-verity. Where writing fails, the file has no property until it succeeds.
    let _ = inode.write_data();
}

/// Returns whether what is read from the inode from now on is what fs-verity has hashed.
///
/// Drops the cache of the inode's data where pages of before may be in it. Where one cannot be dropped,
/// being dirty for example, fs-verity does not count for now.
///
/// # Context
///
/// May sleep. An mmap lock may be held.
#[inline]
pub(super) fn protects(inode: &Inode) -> bool {
    if !inode.has_verity() {
        return false;
    }
    !inode.blob::<Ipe>().has_unverified_pages() || drop_unverified_pages(inode)
}

/// Drops the pages that are cached of the inode's data; returns whether none is left.
#[cold]
#[inline(never)]
fn drop_unverified_pages(inode: &Inode) -> bool {
    let dropped = inode.drop_data().is_ok();
    if dropped {
        inode.blob::<Ipe>().set_unverified_pages(false);
    }
    dropped
}
