// SPDX-License-Identifier: GPL-2.0-only

//! A policy in the kernel's memory: verified, compiled, and never changed. Only the record of its
//! use is made and replaced.

use super::report::{
    Refusal,
    Report, //
};
use super::verify;
use crate::abstractions::alloc::PageExactVec;
use crate::abstractions::boot;
use crate::policy::{
    self,
    envelope,
    signers::Fingerprint,
    CommandLine,
    Compiled,
    Extension,
    FilePropertyKind,
    Outcome,
    Providers,
    Version, //
};
use core::ops::Range;
use kernel::prelude::*;
use kernel::sync::Arc;

#[cfg(CONFIG_IPE_UNUSED_RULES)]
use super::usage::Usage;
#[cfg(CONFIG_IPE_UNUSED_RULES)]
use crate::abstractions::rcu::{
    RcuPointer,
    Retired, //
};
#[cfg(CONFIG_IPE_UNUSED_RULES)]
use kernel::sync::rcu;

/// The properties whose providers are built into this kernel, and its extensions of the language.
const PROVIDERS: Providers<'static> = {
    let mut providers = Providers::NONE;
    if cfg!(CONFIG_IPE_PROP_DM_VERITY) {
        providers = providers.with(FilePropertyKind::DmverityRoothash);
    }
    if cfg!(CONFIG_IPE_PROP_DM_VERITY_SIGNATURE) {
        providers = providers.with(FilePropertyKind::DmveritySignature);
    }
    if cfg!(CONFIG_IPE_PROP_FS_VERITY) {
        providers = providers.with(FilePropertyKind::FsverityDigest);
    }
    if cfg!(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG) {
        providers = providers.with(FilePropertyKind::FsveritySignature);
    }
    if cfg!(CONFIG_IPE_PROP_ANONYMOUS_MEMORY) {
        providers = providers.with_extension(Extension::AnonymousMemory);
    }
    if cfg!(CONFIG_IPE_PROP_EXE) {
        providers = providers.with_extension(Extension::Program);
    }
    if cfg!(CONFIG_IPE_PROP_METADATA_BACKING) {
        providers = providers.with_extension(Extension::Image);
    }
    if cfg!(CONFIG_IPE_OP_PTRACE) {
        providers = providers.with_extension(Extension::Ptrace);
    }
    if cfg!(CONFIG_IPE_OP_SCRIPT) {
        providers = providers.with_extension(Extension::Script);
    }
    if cfg!(CONFIG_IPE_PROP_MODIFIED) {
        providers = providers.with_extension(Extension::Modified);
    }
    providers
};

/// The origin of a policy, which holds its text.
enum Source {
    /// Compiled into the kernel.
    Builtin(&'static [u8]),
    /// A signed message from userspace.
    Signed {
        /// The message as it was written.
        message: PageExactVec<u8>,
        /// The range of the text in the message.
        text: Range<usize>,
        /// The certificate of its signer, if that is known.
        signer: Option<Fingerprint>,
    },
    /// A text without a signature, from a file that the active policy allowed.
    File(PageExactVec<u8>),
}

/// A policy that can be activated. The parts that decide never change.
pub(crate) struct Policy {
    /// Its text, and what carried it.
    source: Source,
    /// The form that decides.
    compiled: Compiled<PageExactVec<u32>>,
    /// Which of its rules have decided, while somebody asks for it.
    #[cfg(CONFIG_IPE_UNUSED_RULES)]
    usage: RcuPointer<Arc<Usage>>,
}

impl Policy {
    /// Compiles the text of the boot policy.
    ///
    /// The build has refused a policy that warns. A parameter that the command line lacks only
    /// warns, even in strict kernels: otherwise the kernel would not boot.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, and those of the parser, which the build has excluded.
    ///
    /// # Context
    ///
    /// May sleep.
    pub(crate) fn builtin(text: &'static [u8]) -> Result<Arc<Self>, Refusal> {
        let compiled = compile(text, false, &mut Report::default())?;
        Self::new(Source::Builtin(text), compiled)
    }

    /// Verifies and compiles a signed message.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; those of the signature, see [`verify::verify`]; those of the text: `EBADMSG`,
    /// `EINVAL`, `ERANGE`.
    ///
    /// # Context
    ///
    /// May sleep.
    pub(crate) fn signed(
        message: PageExactVec<u8>,
        form: envelope::Form,
        report: &mut Report,
    ) -> Result<Arc<Self>, Refusal> {
        let verify::Verified { text, signer } = verify::verify(&message, form)?;
        let strict = cfg!(CONFIG_IPE_STRICT_POLICY);
        let compiled = compile(message.get(text.clone()).ok_or(EBADMSG)?, strict, report)?;
        let source = Source::Signed {
            message,
            text,
            signer,
        };
        Self::new(source, compiled)
    }

    /// Compiles a text without a signature. The active policy has allowed its file.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; those of the text: `EBADMSG`, `EINVAL`, `ERANGE`.
    ///
    /// # Context
    ///
    /// May sleep.
    pub(crate) fn unsigned(
        text: PageExactVec<u8>,
        report: &mut Report,
    ) -> Result<Arc<Self>, Refusal> {
        let compiled = compile(&text, cfg!(CONFIG_IPE_STRICT_POLICY), report)?;
        Self::new(Source::File(text), compiled)
    }

    fn new(source: Source, compiled: Compiled<PageExactVec<u32>>) -> Result<Arc<Self>, Refusal> {
        let policy = Self {
            source,
            compiled,
            #[cfg(CONFIG_IPE_UNUSED_RULES)]
            usage: RcuPointer::null(),
        };
        Ok(Arc::new(policy, GFP_KERNEL)?)
    }

    /// Returns the policy as its author wrote it.
    #[inline(never)]
    pub(crate) fn text(&self) -> &[u8] {
        match &self.source {
            Source::Builtin(text) => text,
            Source::Signed { message, text, .. } => message.get(text.clone()).unwrap_or_default(),
            Source::File(text) => text,
        }
    }

    /// Returns the signed message as it was loaded; `None` for a policy without a signature.
    pub(crate) fn message(&self) -> Option<&[u8]> {
        match &self.source {
            Source::Builtin(_) | Source::File(_) => None,
            Source::Signed { message, .. } => Some(message),
        }
    }

    /// Returns all that was loaded: the signed message, or the text from a file; `None` for the
    /// boot policy.
    pub(crate) fn loaded(&self) -> Option<&[u8]> {
        match &self.source {
            Source::Builtin(_) => None,
            Source::Signed { message, .. } => Some(message),
            Source::File(text) => Some(text),
        }
    }

    /// Returns the fingerprint of the certificate that signed it, if it is known: the message has it,
    /// and has no other signer.
    pub(crate) fn signer(&self) -> Option<&Fingerprint> {
        match &self.source {
            Source::Builtin(_) | Source::File(_) => None,
            Source::Signed { signer, .. } => signer.as_ref(),
        }
    }

    /// Returns the compiled form.
    #[inline]
    pub(crate) fn compiled(&self) -> &Compiled<PageExactVec<u32>> {
        &self.compiled
    }

    /// Returns the name, in the author's bytes.
    #[inline(never)]
    pub(crate) fn name(&self) -> &[u8] {
        self.compiled.name(self.text())
    }

    /// Returns the version.
    pub(crate) fn version(&self) -> Version {
        self.compiled.version()
    }

    /// Notes what has decided, if it is a rule and somebody asks for it.
    ///
    /// # Context
    ///
    /// Any.
    #[cfg(CONFIG_IPE_UNUSED_RULES)]
    #[cold]
    #[inline(never)]
    pub(crate) fn note(&self, outcome: Outcome) {
        let policy::Scope::Rule(offset) = outcome.scope() else {
            return;
        };
        if let Some(usage) = self.usage.read(&rcu::read_lock()) {
            usage.note(offset);
        }
    }

    /// Notes nothing, in a kernel that does not tell which rules have decided.
    #[cfg(not(CONFIG_IPE_UNUSED_RULES))]
    pub(crate) fn note(&self, _: Outcome) {}

    /// Returns which rules have decided since somebody asked for it, if somebody does.
    #[cfg(CONFIG_IPE_UNUSED_RULES)]
    pub(crate) fn usage(&self) -> Option<Arc<Usage>> {
        self.usage.read(&rcu::read_lock()).map(Arc::from)
    }

    /// Exchanges the record of rules that have decided. Without one, nothing is noted.
    ///
    /// # Context
    ///
    /// Any. The result is to be dropped without a lock, as that waits.
    #[cfg(CONFIG_IPE_UNUSED_RULES)]
    pub(crate) fn record_usage(&self, usage: Option<Arc<Usage>>) -> Retired<Arc<Usage>> {
        self.usage.replace(usage)
    }
}

/// Compiles a text with one allocation.
///
/// # Errors
///
/// `ENOMEM`, and those of the parser.
fn compile(
    text: &[u8],
    strict: bool,
    report: &mut Report,
) -> Result<Compiled<PageExactVec<u32>>, Refusal> {
    let line = CommandLine::new(boot::command_line());
    let mut providers = PROVIDERS;
    if cfg!(CONFIG_IPE_PROP_DM_VERITY_CMDLINE) {
        providers = providers.with_command_line(&line);
    }
    let plan = policy::measure(text, providers, strict, report).map_err(Refusal::Text)?;
    let words = PageExactVec::from_elem(0, plan.words(), GFP_KERNEL)?;
    Ok(plan.emit(text, words))
}
