// SPDX-License-Identifier: GPL-2.0-only

//! Credentials: data of a security module that a program brings, and that all credentials derived
//! from it share.
//!
//! C header: [`include/linux/cred.h`](srctree/include/linux/cred.h)

use super::bindings;
use super::fs::{
    wrapper,
    Program, //
};
use super::lsm::interface::Declared;
use core::ptr::NonNull;
use kernel::ffi::c_uint;
use kernel::sync::{
    rcu,
    Arc,
    ArcBorrow, //
};
use kernel::types::Opaque;

/// A module's blob in credentials: a counted reference, or none.
///
/// All bits zero, as the framework allocates a blob, is no reference.
///
/// # Invariants
///
/// The pointer is null, or came from [`Arc::into_raw`] and owns a reference.
#[repr(transparent)]
pub(super) struct Shared<D>(*const D);

impl<D> Shared<D> {
    /// Returns another reference to the data, if there is any.
    fn share(&self) -> Option<Arc<D>> {
        // SAFETY: By the type invariant the pointer came from `Arc::into_raw`, and the reference
        // lives as long as `self`, which the borrow does not outlive.
        (!self.0.is_null()).then(|| unsafe { ArcBorrow::from_raw(self.0) }.into())
    }

    /// Replaces the reference, and returns the old one.
    fn replace(&mut self, new: Option<Arc<D>>) -> Option<Arc<D>> {
        // INVARIANT: The new pointer is null or from `Arc::into_raw`, whose reference it takes over.
        let old = core::mem::replace(&mut self.0, new.map_or(core::ptr::null(), Arc::into_raw));
        // SAFETY: By the type invariant the pointer came from `Arc::into_raw`. Its reference is
        // owned, and as it is no longer in `self`, given back once.
        (!old.is_null()).then(|| unsafe { Arc::from_raw(old) })
    }
}

/// Returns where module `T` keeps its reference in credentials.
///
/// # Safety
///
/// The credentials must be live, with the blobs that the framework has allocated for them.
#[inline]
unsafe fn slot<T: Declared>(cred: *const bindings::cred) -> NonNull<Shared<T::Credential>> {
    const {
        assert!(
            size_of::<T::Credential>() > 0,
            "the module keeps nothing in credentials"
        )
    };
    // SAFETY: By the contract `security` is the area that was allocated with the credentials,
    // zeroed, which is not null and holds this module's blob at the offset that the framework has
    // written into `T::blobs` before any hook could run.
    unsafe {
        NonNull::new_unchecked(
            (*cred)
                .security
                .byte_add((*T::blobs()).lbs_cred as usize)
                .cast(),
        )
    }
}

/// Makes new credentials share the data of old ones.
///
/// # Safety
///
/// Both must be live, with their blobs, and nobody else may use the new ones.
///
/// # Context
///
/// Any. Does not sleep.
pub(super) unsafe fn inherit<T: Declared>(new: *mut bindings::cred, old: *const bindings::cred) {
    // SAFETY: Both are live by the contract. The old ones do not change any more, and the new ones
    // are the caller's alone.
    unsafe {
        let data = slot::<T>(old).as_ref().share();
        drop(slot::<T>(new).as_mut().replace(data));
    }
}

/// Lets go of the data of credentials that are being freed.
///
/// # Safety
///
/// They must have their blobs still, and nobody else may use them.
///
/// # Context
///
/// Any. Does not sleep.
pub(super) unsafe fn release<T: Declared>(cred: *mut bindings::cred) {
    // SAFETY: By the contract.
    drop(unsafe { slot::<T>(cred).as_mut() }.replace(None));
}

impl Program {
    /// Puts data into the credentials that the program will have.
    ///
    /// # Context
    ///
    /// Only in [`bprm_creds_from_file`](super::lsm::SecurityModule::bprm_creds_from_file): the
    /// kernel makes the credentials the task's afterwards, or drops them. Does not sleep.
    #[allow(dead_code, reason = "not every module keeps data in credentials")]
    pub(crate) fn set_credential<T: Declared>(&self, data: Arc<T::Credential>) {
        // SAFETY: The structure lives, and its credentials are new: the calling thread alone uses
        // them until they become its own.
        drop(unsafe { slot::<T>((*self.as_ptr()).cred).as_mut() }.replace(Some(data)));
    }
}

/// Securebits by which a program is told how to treat scripts:
/// `Documentation/userspace-api/check_exec.rst` of the kernel.
#[derive(Copy, Clone)]
pub(crate) struct ScriptBits {
    bits: u32,
    /// Those of them that were locked before they were set.
    forced: u32,
}

#[allow(dead_code, reason = "not every module sets them")]
impl ScriptBits {
    /// None of them.
    pub(crate) const NONE: Self = Self::new(0);
    /// The program asks the kernel about each script: C's `SECBIT_EXEC_RESTRICT_FILE`.
    #[cfg(CONFIG_IPE_OP_SCRIPT)]
    pub(crate) const CHECK_FILES: Self = Self::new(1 << bindings::SECURE_EXEC_RESTRICT_FILE);
    /// The program takes no script from its command line, and none from its input that the kernel
    /// does not allow: C's `SECBIT_EXEC_DENY_INTERACTIVE`.
    #[cfg(CONFIG_IPE_OP_SCRIPT)]
    pub(crate) const DENY_INTERACTIVE: Self =
        Self::new(1 << bindings::SECURE_EXEC_DENY_INTERACTIVE);

    const fn new(bits: u32) -> Self {
        Self { bits, forced: 0 }
    }

    /// Returns whether all these bits are there.
    pub(crate) const fn contains(self, bits: Self) -> bool {
        self.bits & bits.bits == bits.bits
    }

    /// Adds bits if the condition holds.
    pub(crate) const fn with(self, bits: Self, condition: bool) -> Self {
        if condition {
            Self::new(self.bits | bits.bits)
        } else {
            self
        }
    }
}

impl Program {
    /// Removes `old` bits from the credentials that the program will have, and adds `new` ones.
    /// Returns those that were not there before.
    ///
    /// A lock does not keep a bit from being added: every task may lock a bit that is not set, and
    /// would so decide for all programs that it executes. An old bit that was locked after it had
    /// been added stays.
    ///
    /// # Context
    ///
    /// As for [`Self::set_credential`].
    #[allow(dead_code, reason = "not every module sets them")]
    pub(crate) fn replace_script_bits(&self, old: ScriptBits, new: ScriptBits) -> ScriptBits {
        // SAFETY: The structure lives, and its credentials are new: the calling thread alone uses
        // them until they become its own.
        let now = unsafe { &mut (*(*self.as_ptr()).cred).securebits };
        // The lock of a bit is the next higher one.
        let locked = *now >> 1;
        *now &= !(old.bits & (!locked | old.forced));
        let bits = new.bits & !*now;
        *now |= bits;
        ScriptBits {
            bits,
            forced: bits & locked,
        }
    }

    /// Returns whether the program will run in the initial user namespace.
    ///
    /// # Context
    ///
    /// As for [`Self::set_credential`].
    #[allow(dead_code, reason = "not every module asks")]
    pub(crate) fn is_in_initial_user_namespace(&self) -> bool {
        // SAFETY: The structure lives, and its credentials hold their namespace. The other is a
        // static of C, of which only the address is taken.
        unsafe { (*(*self.as_ptr()).cred).user_ns == &raw mut bindings::init_user_ns }
    }
}

/// Calls `use_it` with the data of module `T` in the calling task's own credentials; with `None`
/// for a task that has executed nothing, such as a thread of the kernel.
///
/// Credentials that the task uses for a while in the place of its own (`override_creds()`) do not
/// count.
///
/// # Context
///
/// Any with a task. `use_it` may sleep, but not change credentials.
#[allow(dead_code, reason = "not every module keeps data in credentials")]
#[inline]
pub(crate) fn with_current<T: Declared, R>(use_it: impl FnOnce(Option<&T::Credential>) -> R) -> R {
    // SAFETY: The calling task lives. Its own credentials live as long as they are its own, which
    // it alone changes, and the closure does not. They have been published, so that their blobs do
    // not change any more. By the invariant of `Shared`, its pointer is null, or valid as long as
    // the reference in it.
    use_it(unsafe {
        let cred = (*bindings::get_current()).real_cred;
        slot::<T>(cred).as_ref().0.as_ref()
    })
}

/// The bit of an access mode that stands for an access that is not only read: C's constant of the
/// same name.
#[allow(dead_code, reason = "not every module asks")]
pub(crate) const PTRACE_MODE_ATTACH: c_uint = bindings::PTRACE_MODE_ATTACH;

wrapper! {
    /// Another task, which lives as long as the borrow: C's `struct task_struct`.
    Task(bindings::task_struct);
}

impl Task {
    /// Calls `use_it` with the data of module `T` in the task's own credentials, like
    /// [`with_current`].
    ///
    /// # Context
    ///
    /// Any. `use_it` does not sleep.
    #[allow(dead_code, reason = "not every module asks")]
    pub(crate) fn with_credential<T: Declared, R>(
        &self,
        use_it: impl FnOnce(Option<&T::Credential>) -> R,
    ) -> R {
        let _guard = rcu::read_lock();
        // SAFETY: The task lives, so that it has credentials until its last reference is put. They
        // are freed a grace period after it has replaced them, which does not end while the guard
        // lives: only credentials that override a task's own (`access(2)`) can do without, and
        // these are never its `real_cred`. The rest is as in `with_current`.
        use_it(unsafe {
            let cred = (&raw const (*self.as_ptr()).real_cred).read_volatile();
            slot::<T>(cred).as_ref().0.as_ref()
        })
    }
}
