// SPDX-License-Identifier: GPL-2.0-only

//! Locks in statics.

use ::kernel::str::CStr;
use ::kernel::sync::lock::{mutex::MutexBackend, Backend};
use ::kernel::sync::LockClassKey;
use ::kernel::types::Opaque;
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

/// A mutex in a static, with what it protects. See [`global_lock!`].
pub struct GlobalLock<T> {
    state: Opaque<<MutexBackend as Backend>::State>,
    name: &'static CStr,
    key: &'static LockClassKey,
    data: UnsafeCell<T>,
}

// SAFETY: The lock hands the data to one task at a time.
unsafe impl<T: Send> Sync for GlobalLock<T> {}

impl<T> GlobalLock<T> {
    /// For [`global_lock!`].
    ///
    /// # Safety
    ///
    /// Nobody may lock it before [`Self::init`].
    #[doc(hidden)]
    pub const unsafe fn new(data: T, name: &'static CStr, key: &'static LockClassKey) -> Self {
        Self {
            state: Opaque::uninit(),
            name,
            key,
            data: UnsafeCell::new(data),
        }
    }

    /// Initialises the lock.
    ///
    /// # Safety
    ///
    /// Only once, and before anybody locks it.
    pub unsafe fn init(&'static self) {
        // SAFETY: The state is in a static, and by the contract nobody uses it. Name and class are
        // static. A class is nothing but C's structure.
        unsafe {
            MutexBackend::init(
                self.state.get(),
                self.name.as_char_ptr(),
                core::ptr::from_ref(self.key).cast_mut().cast(),
            )
        };
    }

    /// Locks it until the guard is dropped.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn lock(&'static self) -> GlobalGuard<T> {
        #[allow(clippy::let_unit_value, reason = "that of a mutex is")]
        // SAFETY: By the contract of `new`, it was initialised.
        let state = unsafe { MutexBackend::lock(self.state.get()) };
        GlobalGuard {
            lock: self,
            state,
            not_send: PhantomData,
        }
    }
}

/// A [`GlobalLock`] that is locked.
#[must_use = "the lock is unlocked when the guard is dropped"]
pub struct GlobalGuard<T: 'static> {
    lock: &'static GlobalLock<T>,
    state: <MutexBackend as Backend>::GuardState,
    not_send: PhantomData<*mut ()>,
}

impl<T> Deref for GlobalGuard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: The lock is held, and the guard borrowed.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T> DerefMut for GlobalGuard<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: The lock is held, and the guard borrowed for writing.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T> Drop for GlobalGuard<T> {
    fn drop(&mut self) {
        // SAFETY: This task holds the lock.
        unsafe { MutexBackend::unlock(self.lock.state.get(), &self.state) };
    }
}

/// Defines a mutex in a static.
#[macro_export]
macro_rules! global_lock {
    {
        $(#[$meta:meta])* $pub:vis
        unsafe(uninit) static $name:ident: Mutex<$valuety:ty> = $value:expr;
    } => {
        $(#[$meta])*
        $pub static $name: $crate::sync::GlobalLock<$valuety> =
            // SAFETY: The user of the macro promises to initialise it first.
            unsafe {
                $crate::sync::GlobalLock::new(
                    $value,
                    $crate::c_str!(::core::stringify!($name)),
                    $crate::static_lock_class!(),
                )
            };
    };
}

pub use global_lock;
