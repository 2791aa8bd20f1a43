// SPDX-License-Identifier: GPL-2.0-only

//! Whether reads of a file return what fs-verity has hashed.
//!
//! fs-verity checks a page when it is read from the disk. Pages that were cached before it was
//! enabled stay in the cache, and were hashed there. Such a page can still change afterwards, if a
//! task has held it since then: as the target of a slow direct read, for example. So a file is
//! marked when a task is about to enable fs-verity. The first use of the file that a policy may
//! have to judge drops the cache of its data.

use super::module::Ipe;
use crate::abstractions::fs::Inode;

#[cfg(CONFIG_IPE_PROP_METADATA_BACKING)]
use crate::abstractions::counter::Counter;

/// Marks a file on which a task asks for fs-verity, with or without the right to.
///
/// A file that has fs-verity is not marked: once its cache has been dropped, nobody can cause
/// another drop.
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
    let blob = inode.blob::<Ipe>();
    blob.enabling();
    blob.set_unverified_pages(true);
    // A dirty page cannot be dropped later. Not every file system writes them before it enables
    // fs-verity. Where writing fails, the file has no property until it succeeds.
    let _ = inode.write_data();
}

/// Returns whether all reads of the inode from now on return what fs-verity has hashed.
///
/// Drops the cache of the inode's data where earlier pages may be in it. Where a page cannot be
/// dropped, being dirty for example, fs-verity does not count for now.
///
/// # Context
///
/// May sleep. An mmap lock may be held.
pub(super) fn protects(inode: &Inode) -> bool {
    protects_at_hand(inode).unwrap_or_else(|| drop_unverified_pages(inode))
}

/// Returns the same, or `None` where pages may have to be dropped to find out.
///
/// # Context
///
/// Any. Does not sleep.
#[inline]
pub(super) fn protects_at_hand(inode: &Inode) -> Option<bool> {
    if !inode.has_verity() {
        return Some(false);
    }
    (!inode.blob::<Ipe>().has_unverified_pages()).then_some(true)
}

/// Drops the cached pages of the inode's data. Returns whether none is left.
#[cold]
#[inline(never)]
fn drop_unverified_pages(inode: &Inode) -> bool {
    let dropped = inode.drop_data().is_ok();
    if dropped {
        // Before the mark is cleared.
        #[cfg(CONFIG_IPE_PROP_METADATA_BACKING)]
        FIRST_USES.add(1);
        let blob = inode.blob::<Ipe>();
        blob.enabled();
        blob.set_unverified_pages(false);
    }
    dropped
}

/// How many files have lost their mark.
#[cfg(CONFIG_IPE_PROP_METADATA_BACKING)]
static FIRST_USES: Counter = Counter::new();

/// Returns how many files have lost their mark.
///
/// # Context
///
/// Any. A full memory barrier.
#[cfg(CONFIG_IPE_PROP_METADATA_BACKING)]
pub(super) fn first_uses() -> u64 {
    FIRST_USES.add(0)
}
