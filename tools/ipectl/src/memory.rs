// SPDX-License-Identifier: GPL-2.0-only

//! Accesses without a file: to memory, about which nothing is known but the program that asks.

use ipe_policy::policy::Operation;

/// Explains why the kernel saw no file for an operation, and how it can see one.
///
/// No advice here is a rule: which program may have memory, and why it can be trusted, is not in the
/// record.
pub fn advice(operation: Operation) -> &'static str {
    match operation {
        Operation::Execute => {
            "memory without a file has no properties, the program that asks for it has: name that \
             in 'op=EXECUTE anonymous_memory=TRUE exe_fsverity_digest=… action=ALLOW'; \
             'op=EXECUTE action=ALLOW' would allow it to every program, along with every file"
        }
        Operation::KernelModule => {
            "the module came as bytes in memory (init_module(2)), so the kernel saw no file; \
             modprobe and insmod do that with a compressed module: build the kernel with \
             CONFIG_MODULE_DECOMPRESS=y, so that they pass the file (finit_module(2)), or install \
             the modules uncompressed"
        }
        Operation::Firmware => {
            "a program uploaded the firmware through sysfs, so the kernel saw no file: install it \
             in /lib/firmware, from where the kernel reads it itself"
        }
        Operation::KexecImage | Operation::KexecInitramfs => {
            "the image came as bytes in memory (kexec_load(2)), so the kernel saw no file: let \
             kexec pass the file (kexec_file_load(2)) with 'kexec --kexec-file-syscall'"
        }
        Operation::Policy => {
            "a program wrote the text of the policy, so the kernel saw no file: write the path of \
             the file to the security module instead, as IMA reads it"
        }
        Operation::X509Cert => {
            "the certificate came as bytes in memory, so the kernel saw no file: pass it as a file"
        }
        Operation::Ptrace => {
            "the object is the memory of another process, and the program that asks counts: name \
             the debugger with 'op=PTRACE exe_… action=ALLOW'"
        }
        Operation::UncheckedScript | Operation::InteractiveScript => {
            "the program is executed from memory without a file, which has no properties"
        }
    }
}
