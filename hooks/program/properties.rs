// SPDX-License-Identifier: GPL-2.0-only

//! The properties of a program's file, as they were when it was executed.

use super::super::digest::StoredDigest;
use super::super::image::Image;
use super::super::module::Ipe;
use super::super::object::{
    Digests,
    Object,
    Place, //
};
use super::super::reading::with_reading;
use crate::abstractions::cred::{
    self,
    ScriptBits, //
};
use crate::abstractions::fs::{
    File,
    Inode,
    Program, //
};
use crate::audit;
use crate::eval::{
    self,
    Digest,
    DigestBuffer, //
};
use core::mem::MaybeUninit;
use kernel::alloc::flags::GFP_KERNEL_ACCOUNT;
use kernel::prelude::*;
use kernel::sync::{
    rcu,
    Arc, //
};

/// The properties that a program's file had when it was executed.
pub(crate) struct Properties {
    boot_verified: bool,
    dmverity_signature: bool,
    fsverity_signature: bool,
    dmverity_roothash: Option<StoredDigest>,
    fsverity_digest: Option<StoredDigest>,
    image_digest: Option<StoredDigest>,
    /// The securebits that the policy gave the program.
    #[cfg_attr(
        not(CONFIG_IPE_OP_SCRIPT),
        expect(dead_code, reason = "there are none")
    )]
    script_bits: ScriptBits,
    /// The number of the file's inode.
    inode: u64,
    /// The name of the file's superblock, then zeros.
    device: [u8; DEVICE_LENGTH],
}

/// The room for the name of a superblock: the length of `s_id` in C, which ends with a NUL.
const DEVICE_LENGTH: usize = 32;

impl Properties {
    /// Returns the properties of a program of which the headers have been read.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    ///
    /// # Context
    ///
    /// May sleep.
    fn of(program: &Program, script_bits: ScriptBits) -> Result<Arc<Self>> {
        let file = program.file();
        // In a namespace of its own, a user chooses which file is the dynamic linker, and so the code
        // that runs: that of any program that may be executed.
        let place = file.and_then(|file| {
            with_reading(|reading| {
                if reading.has_elf_interpreter() && !program.is_in_initial_user_namespace() {
                    return None;
                }
                Place::of_read(file, &reading.program)
            })
        });
        let mut device = [0; DEVICE_LENGTH];
        let inode = file.and_then(File::inode);
        let name = inode.map_or(&[][..], |inode| inode.superblock().name());
        for (to, from) in device.iter_mut().zip(name) {
            *to = *from;
        }

        let mut buffer = MaybeUninit::uninit();
        let mut image_buffer = MaybeUninit::uninit();
        let properties = {
            // One section for all, as the blob of a device demands.
            let guard = rcu::read_lock();
            let image = place.as_ref().and_then(|place| Image::at(place, &guard));
            let image = image.as_ref();
            let object = place.map(Object::new);
            let object = match image {
                Some(image) => Some(image as &dyn eval::Object),
                None => object.as_ref().map(|object| object as &dyn eval::Object),
            };
            let digests = place.map(|place| Digests::new(place.inode(), &guard));
            let digests = match image {
                Some(image) => Some(image as &dyn eval::Digests),
                None => digests
                    .as_ref()
                    .map(|digests| digests as &dyn eval::Digests),
            };
            Self {
                boot_verified: object.is_some_and(|object| object.boot_verified()),
                dmverity_signature: object.is_some_and(|object| object.dmverity_signature()),
                fsverity_signature: object.is_some_and(|object| object.fsverity_signature()),
                dmverity_roothash: digests
                    .and_then(|digests| digests.dmverity_roothash())
                    .map(StoredDigest::new),
                fsverity_digest: digests
                    .filter(|_| object.is_some_and(|object| object.has_fsverity()))
                    .and_then(|digests| digests.fsverity_digest(&mut buffer))
                    .map(StoredDigest::new),
                image_digest: image
                    .and_then(|image| eval::Image::image_digest(image, &mut image_buffer))
                    .map(StoredDigest::new),
                script_bits,
                inode: inode.map_or(0, Inode::number),
                device,
            }
        };
        Ok(Arc::new(properties, GFP_KERNEL_ACCOUNT)?)
    }

    /// Gives the program that is being executed the properties that its file has now, in its new
    /// credentials, and returns them. `script_bits` are the securebits that the policy gave it.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    ///
    /// # Context
    ///
    /// May sleep. Only in the hook `bprm_creds_from_file`.
    pub(in super::super) fn give(
        program: &Program,
        script_bits: ScriptBits,
    ) -> Result<Option<Arc<Self>>> {
        let properties = Self::of(program, script_bits)?;
        program.set_credential::<Ipe>(properties.clone());
        Ok(Some(properties))
    }

    /// Calls `use_it` with the properties of the program that the calling task runs; with `None`
    /// for a task that has executed nothing, such as a thread of the kernel.
    ///
    /// # Context
    ///
    /// Any with a task.
    #[inline]
    pub(in super::super) fn with_current<R>(use_it: impl FnOnce(Option<&Self>) -> R) -> R {
        cred::with_current::<Ipe, R>(use_it)
    }

    /// Returns the securebits that the policy gave the program.
    #[cfg(CONFIG_IPE_OP_SCRIPT)]
    pub(in super::super) fn script_bits(&self) -> ScriptBits {
        self.script_bits
    }

    /// Returns what a record says of the program.
    pub(super) fn fields(&self) -> audit::Program<'_> {
        audit::Program {
            device: self
                .device
                .split(|&byte| byte == 0)
                .next()
                .unwrap_or_default(),
            inode: self.inode,
            boot_verified: self.boot_verified,
            dmverity_signature: self.dmverity_signature,
            fsverity_signature: self.fsverity_signature,
            dmverity_roothash: self.dmverity_roothash.as_ref().and_then(StoredDigest::get),
            fsverity_digest: self.fsverity_digest.as_ref().and_then(StoredDigest::get),
            image_digest: self.image_digest.as_ref().and_then(StoredDigest::get),
        }
    }
}

impl eval::Object for Properties {
    #[inline]
    fn boot_verified(&self) -> bool {
        self.boot_verified
    }

    #[inline]
    fn dmverity_signature(&self) -> bool {
        self.dmverity_signature
    }

    #[inline]
    fn fsverity_signature(&self) -> bool {
        self.fsverity_signature
    }

    #[inline]
    fn has_fsverity(&self) -> bool {
        self.fsverity_digest.is_some()
    }
}

impl eval::Digests for Properties {
    #[inline]
    fn dmverity_roothash(&self) -> Option<Digest<'_>> {
        self.dmverity_roothash.as_ref()?.get()
    }

    #[inline]
    fn fsverity_digest<'b>(&'b self, _: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        self.fsverity_digest.as_ref()?.get()
    }
}

impl eval::Image for Properties {
    #[inline(always)]
    fn image_digest<'b>(&'b self, _: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        self.image_digest.as_ref()?.get()
    }
}
