// SPDX-License-Identifier: GPL-2.0-only

//! The ways around a policy that a kernel configuration leaves open.

use super::{
    diagnostic::{Diagnostic, Severity},
    kconfig::Kconfig,
    lint::span,
    relies::{
        allows_kexec, allows_kexec_of_anything, names_signature_of_volume, refers_to_command_line,
        FindLine,
    },
};
use crate::{policy::Policy, source::Source};

/// A way around a policy that a configuration leaves open.
struct Opening {
    /// Its short name, for programs.
    code: &'static str,
    /// `Warning` where a policy cannot hold with this kernel. `Note` where it depends on more than
    /// the configuration: the command line or a program that starts early may close it.
    severity: Severity,
    /// The options that open or close it. The finding points at the first that is in the file.
    options: &'static [&'static str],
    /// Whether the configuration leaves it open.
    open: fn(&Kconfig) -> bool,
    /// When it matters.
    when: When,
    /// Its description, for people.
    message: &'static str,
    /// The options to set, or another way to close it.
    hint: &'static str,
}

/// When an opening matters.
#[derive(Clone, Copy)]
enum When {
    /// With every policy.
    Always,
    /// With every policy, unless the kernel is built to lock itself down.
    Unlocked,
    /// If a line of the policy relies on the opening; the finding points at that line.
    Line(FindLine),
    /// The same, for a kernel that the policy lets kexec boot. Without a configuration, nothing
    /// is known about that kernel, which is worth a note.
    Image(FindLine),
}

/// Closes whatever is open [`When::Unlocked`].
const LOCK: &str = "lock the kernel down with CONFIG_SECURITY_LOCKDOWN_LSM_EARLY=y and \
                    CONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY=y, or disable the option";

/// All of them.
///
/// Those that are open [`When::Unlocked`] are the kernel's lockdown reasons below
/// `LOCKDOWN_INTEGRITY_MAX` (`include/linux/security.h`) but two, which IPE judges itself:
/// `MODULE_SIGNATURE` as `KMODULE`, `KEXEC` as `KEXEC_IMAGE`. The latter still leaves BPF, and
/// a policy that allows images without a property. ACPI tables that come with the initramfs or that
/// the command line names are not among them: both were verified with the kernel.
///
/// Two are missing, because they allow nothing that IPE denies: `USERFAULTFD` fills private pages
/// that
/// `mprotect(2)` lets a program write to as well, and interpreters of `BINFMT_MISC` are judged.
const OPENINGS: &[Opening] = &[
    Opening {
        code: "no-ipe",
        severity: Severity::Warning,
        options: &["SECURITY_IPE"],
        open: |kernel| !kernel.has("SECURITY_IPE"),
        when: When::Always,
        message: "this kernel is built without CONFIG_SECURITY_IPE, so no policy protects it",
        hint: "set CONFIG_SECURITY_IPE=y; it depends on CONFIG_RUST, and disappears silently \
               without it",
    },
    Opening {
        code: "ipe-not-started",
        severity: Severity::Warning,
        options: &["LSM"],
        open: |kernel| {
            let listed = kernel.starts("ipe") || kernel.parameter("lsm").is_some();
            kernel.has("SECURITY_IPE") && !listed
        },
        when: When::Always,
        message: "CONFIG_LSM does not name ipe: IPE does not start unless lsm= on the kernel's \
                  command line names it",
        hint: "add ipe to the list, without spaces",
    },
    Opening {
        code: "firmware-signs",
        severity: Severity::Note,
        options: &["IPE_POLICY_SIG_PLATFORM_KEYRING"],
        open: |kernel| {
            kernel.has("IPE_POLICY_SIG_PLATFORM_KEYRING") && !kernel.names("IPE_POLICY_SIGNERS")
        },
        when: When::Always,
        message:
            "CONFIG_IPE_POLICY_SIG_PLATFORM_KEYRING=y: everyone whose key is in the machine's \
                  firmware may sign policies, its vendor for example",
        hint: "disable it, or list your certificates in CONFIG_IPE_POLICY_SIGNERS",
    },
    Opening {
        code: "dm-verity-module",
        severity: Severity::Warning,
        options: &["DM_VERITY"],
        open: |kernel| kernel.is_module("DM_VERITY"),
        when: When::Line(names_signature_of_volume),
        message: "CONFIG_DM_VERITY=m: root can reload dm-verity with keyring_unsealed=1, add a \
                  key, and sign any volume with it",
        hint: "set CONFIG_DM_VERITY=y, so that only the kernel's command line can unseal the \
               keyring",
    },
    Opening {
        code: "kexec-command-line",
        severity: Severity::Warning,
        options: &["CMDLINE_OVERRIDE", "CMDLINE_FORCE"],
        open: |kernel| {
            let without_kexec = kernel.rules_out("KEXEC") && kernel.rules_out("KEXEC_FILE");
            !kernel.fixes_command_line() && !without_kexec
        },
        when: When::Image(allows_kexec),
        message: "root chooses the command line with which kexec boots a kernel without \
                  CONFIG_CMDLINE_OVERRIDE (x86) or CONFIG_CMDLINE_FORCE (arm64): ipe.enforce=0, \
                  or lsm= without ipe, switches IPE off",
        hint: "allow only images that are built with one of these options; the configuration of \
               the kernel that loads them does not count",
    },
    Opening {
        code: "kexec-load",
        severity: Severity::Warning,
        options: &["KEXEC"],
        open: |kernel| kernel.has("KEXEC") && !is_locked_down(kernel),
        when: When::Line(allows_kexec_of_anything),
        message: "CONFIG_KEXEC=y: this line allows kexec_load(2), whose image comes from memory \
                  and has no property: root can boot any kernel",
        hint: "allow KEXEC_IMAGE only by a property, or disable CONFIG_KEXEC and keep \
               CONFIG_KEXEC_FILE",
    },
    Opening {
        code: "root-hash-from-boot-loader",
        severity: Severity::Note,
        options: &["CMDLINE_OVERRIDE", "CMDLINE_FORCE"],
        open: |kernel| !kernel.fixes_command_line(),
        when: When::Line(refers_to_command_line),
        message: "the boot loader chooses the command line, and with it the root hash of this line",
        hint: "sign the command line together with the kernel, as a UKI or a FIT image does",
    },
    Opening {
        code: "root-hash-from-bootconfig",
        severity: Severity::Note,
        options: &["BOOT_CONFIG"],
        open: |kernel| kernel.has("BOOT_CONFIG"),
        when: When::Line(refers_to_command_line),
        message: "CONFIG_BOOT_CONFIG=y: a bootconfig at the end of the initramfs adds to the \
                  command line, and may name the root hash of this line",
        hint: "disable it, or sign the initramfs together with the kernel",
    },
    Opening {
        code: "root-hash-from-configuration",
        severity: Severity::Note,
        options: &["CMDLINE_EXTEND", "CMDLINE_BOOL"],
        open: |kernel| {
            let adds = kernel.has("CMDLINE_EXTEND") || kernel.has("CMDLINE_BOOL");
            adds && !kernel.fixes_command_line()
        },
        when: When::Line(refers_to_command_line),
        message: "CONFIG_CMDLINE is added to the boot loader's command line: if both name a root \
                  hash for this line, and not the same, it never matches",
        hint: "leave the parameter out of CONFIG_CMDLINE",
    },
    Opening {
        code: "helpers-with-all-capabilities",
        severity: Severity::Note,
        options: &["STATIC_USERMODEHELPER"],
        open: |kernel| !kernel.has("STATIC_USERMODEHELPER"),
        when: When::Always,
        message: "CONFIG_STATIC_USERMODEHELPER is not set: root chooses the programs that the \
                  kernel starts with all capabilities (core_pattern, modprobe, uevent_helper), \
                  and with CAP_MAC_ADMIN these can switch enforcement off",
        hint: "set it, with CONFIG_STATIC_USERMODEHELPER_PATH=\"\" (root can mount over any other \
               path), or remove CAP_MAC_ADMIN from /proc/sys/kernel/usermodehelper/bset early",
    },
    Opening {
        code: "proc-mem-override",
        severity: Severity::Note,
        options: &["PROC_MEM_ALWAYS_FORCE"],
        open: |kernel| kernel.has("PROC_MEM_ALWAYS_FORCE"),
        when: When::Always,
        message: "CONFIG_PROC_MEM_ALWAYS_FORCE=y: every program can overwrite its own read-only \
                  code through /proc/self/mem",
        hint: "set CONFIG_PROC_MEM_NO_FORCE=y, or boot with proc_mem.force_override=never",
    },
    Opening {
        code: "open-vfio-noiommu",
        severity: Severity::Note,
        options: &["VFIO_NOIOMMU"],
        open: |kernel| kernel.has("VFIO_NOIOMMU"),
        when: When::Always,
        message: "CONFIG_VFIO_NOIOMMU=y: root can make devices write to any memory",
        hint: "disable it; lockdown does not cover it",
    },
    Opening {
        code: "open-kexec-bpf",
        severity: Severity::Note,
        options: &["KEXEC", "BPF_SYSCALL", "BPF_JIT", "DEBUG_INFO_BTF"],
        open: |kernel| {
            let all = ["KEXEC", "BPF_SYSCALL", "BPF_JIT", "DEBUG_INFO_BTF"];
            all.iter().all(|symbol| kernel.has(symbol))
        },
        when: When::Unlocked,
        message: "CONFIG_KEXEC=y: a BPF program can answer kexec_load(2) in place of all security \
                  modules, so root can boot any kernel",
        hint: LOCK,
    },
    Opening {
        code: "open-dev-mem",
        severity: Severity::Note,
        options: &["DEVMEM"],
        open: |kernel| kernel.has("DEVMEM") && !kernel.has("STRICT_DEVMEM"),
        when: When::Unlocked,
        message: "CONFIG_DEVMEM=y without CONFIG_STRICT_DEVMEM: root can write to any memory \
                  through /dev/mem",
        hint: LOCK,
    },
    Opening {
        code: "open-dev-port",
        severity: Severity::Note,
        options: &["DEVPORT"],
        open: |kernel| kernel.has("DEVPORT"),
        when: When::Unlocked,
        message: "CONFIG_DEVPORT=y: root can write to I/O ports through /dev/port, and make \
                  devices write to any memory",
        hint: LOCK,
    },
    Opening {
        code: "open-phram",
        severity: Severity::Note,
        options: &["MTD_PHRAM"],
        open: |kernel| kernel.enables("MTD_PHRAM"),
        when: When::Unlocked,
        message: "CONFIG_MTD_PHRAM: root can turn any memory into a block device",
        hint: LOCK,
    },
    Opening {
        code: "open-tpmi",
        severity: Severity::Note,
        options: &["INTEL_TPMI"],
        open: |kernel| kernel.enables("INTEL_TPMI") && has_debugfs(kernel),
        when: When::Unlocked,
        message: "CONFIG_INTEL_TPMI: root can write to power management registers through debugfs",
        hint: LOCK,
    },
    Opening {
        code: "open-efi-test",
        severity: Severity::Note,
        options: &["EFI_TEST"],
        open: |kernel| kernel.enables("EFI_TEST"),
        when: When::Unlocked,
        message: "CONFIG_EFI_TEST: root can call firmware services with any arguments",
        hint: LOCK,
    },
    Opening {
        code: "open-hibernation",
        severity: Severity::Note,
        options: &["HIBERNATION"],
        open: |kernel| kernel.has("HIBERNATION"),
        when: When::Unlocked,
        message: "CONFIG_HIBERNATION=y: root can write the image from which the kernel's memory \
                  is restored",
        hint: LOCK,
    },
    Opening {
        code: "open-pci",
        severity: Severity::Note,
        options: &["PCI"],
        open: |kernel| kernel.has("PCI"),
        when: When::Unlocked,
        message: "CONFIG_PCI=y: root can write to device registers through sysfs and \
                  /proc/bus/pci, and make devices write to any memory",
        hint: LOCK,
    },
    Opening {
        code: "open-cxl",
        severity: Severity::Note,
        options: &["CXL_MEM_RAW_COMMANDS"],
        open: |kernel| kernel.has("CXL_MEM_RAW_COMMANDS"),
        when: When::Unlocked,
        message: "CONFIG_CXL_MEM_RAW_COMMANDS=y: root can send any command to memory devices",
        hint: LOCK,
    },
    Opening {
        code: "open-amdgpu",
        severity: Severity::Note,
        options: &["DRM_AMDGPU"],
        open: |kernel| kernel.enables("DRM_AMDGPU") && has_debugfs(kernel),
        when: When::Unlocked,
        message: "CONFIG_DRM_AMDGPU: root can write to graphics card registers through debugfs",
        hint: LOCK,
    },
    Opening {
        code: "open-io-ports",
        severity: Severity::Note,
        options: &["X86_IOPL_IOPERM"],
        open: |kernel| kernel.has("X86_IOPL_IOPERM"),
        when: When::Unlocked,
        message: "CONFIG_X86_IOPL_IOPERM=y: root can write to I/O ports (iopl(2), ioperm(2)), and \
                  make devices write to any memory",
        hint: LOCK,
    },
    Opening {
        code: "open-msr",
        severity: Severity::Note,
        options: &["X86_MSR"],
        open: |kernel| kernel.enables("X86_MSR"),
        when: When::Unlocked,
        message: "CONFIG_X86_MSR: root can write to the registers that say where system calls \
                  enter the kernel",
        hint: LOCK,
    },
    Opening {
        code: "open-acpi-tables",
        severity: Severity::Note,
        options: &["ACPI_CONFIGFS"],
        open: |kernel| kernel.enables("ACPI_CONFIGFS"),
        when: When::Unlocked,
        message: "CONFIG_ACPI_CONFIGFS: root can load ACPI tables, whose code the kernel runs",
        hint: LOCK,
    },
    Opening {
        code: "open-device-tree",
        severity: Severity::Note,
        options: &["PPC_PSERIES"],
        open: |kernel| kernel.has("PPC_PSERIES"),
        when: When::Unlocked,
        message: "CONFIG_PPC_PSERIES=y: root can change the device tree through /proc/powerpc/ofdt",
        hint: LOCK,
    },
    Opening {
        code: "open-pcmcia",
        severity: Severity::Note,
        options: &["PCMCIA"],
        open: |kernel| kernel.enables("PCMCIA"),
        when: When::Unlocked,
        message: "CONFIG_PCMCIA: root can write the description of a card, which chooses its \
                  driver and its memory",
        hint: LOCK,
    },
    Opening {
        code: "open-serial",
        severity: Severity::Note,
        options: &["SERIAL_CORE"],
        open: |kernel| kernel.enables("SERIAL_CORE"),
        when: When::Unlocked,
        message: "CONFIG_SERIAL_CORE: root can choose the address to which a serial driver writes \
                  (TIOCSSERIAL)",
        hint: LOCK,
    },
    Opening {
        code: "open-module-parameters",
        severity: Severity::Note,
        options: &["MODULES"],
        open: |kernel| kernel.has("MODULES"),
        when: When::Unlocked,
        message: "CONFIG_MODULES=y: root can choose the hardware addresses to which an allowed \
                  module writes, through its parameters",
        hint: LOCK,
    },
    Opening {
        code: "open-mmiotrace",
        severity: Severity::Note,
        options: &["MMIOTRACE_TEST"],
        open: |kernel| kernel.enables("MMIOTRACE_TEST"),
        when: When::Unlocked,
        message: "CONFIG_MMIOTRACE_TEST: the module writes to an address that root chooses",
        hint: LOCK,
    },
    Opening {
        code: "open-debugfs",
        severity: Severity::Note,
        options: &["DEBUG_FS"],
        open: has_debugfs,
        when: When::Unlocked,
        message: "CONFIG_DEBUG_FS=y: root can change the kernel through debugfs files",
        hint: LOCK,
    },
    Opening {
        code: "open-xmon",
        severity: Severity::Note,
        options: &["XMON"],
        open: |kernel| kernel.has("XMON") && !kernel.has("XMON_DEFAULT_RO_MODE"),
        when: When::Unlocked,
        message: "CONFIG_XMON=y without CONFIG_XMON_DEFAULT_RO_MODE: the debugger writes to any \
                  memory",
        hint: LOCK,
    },
    Opening {
        code: "open-bpf-write-user",
        severity: Severity::Note,
        options: &["BPF_EVENTS"],
        open: |kernel| kernel.has("BPF_EVENTS"),
        when: When::Unlocked,
        message: "CONFIG_BPF_EVENTS=y: root's BPF programs can write to the memory of every \
                  process",
        hint: LOCK,
    },
    Opening {
        code: "open-kgdb",
        severity: Severity::Note,
        options: &["KGDB"],
        open: |kernel| kernel.has("KGDB"),
        when: When::Unlocked,
        message: "CONFIG_KGDB=y: root can enter the debugger, which writes to any memory",
        hint: LOCK,
    },
    Opening {
        code: "open-rtas",
        severity: Severity::Note,
        options: &["PPC_RTAS"],
        open: |kernel| kernel.has("PPC_RTAS"),
        when: When::Unlocked,
        message: "CONFIG_PPC_RTAS=y: root can make the firmware corrupt memory (error injection)",
        hint: LOCK,
    },
    Opening {
        code: "open-xen",
        severity: Severity::Note,
        options: &["XEN_PRIVCMD"],
        open: |kernel| kernel.is_module("XEN_PRIVCMD"),
        when: When::Unlocked,
        message: "CONFIG_XEN_PRIVCMD=m: root can load it with unrestricted=1, and make hypercalls \
                  on any domain",
        hint: LOCK,
    },
];

/// Whether a kernel locks itself down, whatever its command line says.
fn is_locked_down(kernel: &Kconfig) -> bool {
    let forced = kernel.has("LOCK_DOWN_KERNEL_FORCE_INTEGRITY")
        || kernel.has("LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY");
    let starts = kernel.has("SECURITY_LOCKDOWN_LSM_EARLY") || kernel.starts("lockdown");
    kernel.has("SECURITY_LOCKDOWN_LSM") && forced && starts
}

/// Whether a kernel has debugfs, and lets it be mounted.
fn has_debugfs(kernel: &Kconfig) -> bool {
    let closed = ["DEBUG_FS_ALLOW_NONE", "DEBUG_FS_DISALLOW_MOUNT"];
    kernel.has("DEBUG_FS") && !closed.iter().any(|symbol| kernel.has(symbol))
}

/// Finds the openings of a configuration that matter with every policy.
pub(super) fn of_kernel(kernel: &Kconfig) -> Vec<Diagnostic> {
    let locked = is_locked_down(kernel);
    let matters = |opening: &&Opening| match opening.when {
        When::Always => true,
        When::Unlocked => !locked,
        When::Line(_) | When::Image(_) => false,
    };
    let open = OPENINGS.iter().filter(|opening| (opening.open)(kernel));
    open.filter(matters)
        .map(|opening| {
            let (name, severity) = (&kernel.name, opening.severity);
            let place = opening
                .options
                .iter()
                .find_map(|symbol| kernel.span(symbol));
            let diagnostic = match place {
                Some(place) => Diagnostic::at(
                    name,
                    kernel.text(),
                    place,
                    severity,
                    opening.code,
                    opening.message,
                ),
                None => Diagnostic::about(name, severity, opening.code, opening.message),
            };
            diagnostic.hint(opening.hint)
        })
        .collect()
}

/// Finds the openings that matter because of a line of the policy. Without a configuration that is a
/// note on the kernels that kexec boots, about which nothing is known.
pub(super) fn of_policy(
    source: &Source,
    policy: &Policy,
    kernel: Option<&Kconfig>,
) -> Vec<Diagnostic> {
    let lines = policy.lines();
    let mut found = Vec::new();
    for opening in OPENINGS {
        let (relies, severity) = match (opening.when, kernel) {
            (When::Line(relies) | When::Image(relies), Some(kernel)) if (opening.open)(kernel) => {
                (relies, opening.severity)
            }
            (When::Image(relies), None) => (relies, Severity::Note),
            _ => continue,
        };
        if let Some(line) = relies(policy, &lines) {
            let place = span(line);
            let (code, message) = (opening.code, opening.message);
            let diagnostic =
                Diagnostic::at(&source.name, policy.text(), place, severity, code, message);
            found.push(diagnostic.hint(opening.hint));
        }
    }
    found
}

#[cfg(test)]
mod tests;
