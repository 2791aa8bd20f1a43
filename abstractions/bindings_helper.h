/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Input of bindgen: the kernel's interfaces that the kernel crate does not bind, and
 * the functions of helpers.c.
 */
#ifndef _RUST_LSM_BINDINGS_HELPER_H
#define _RUST_LSM_BINDINGS_HELPER_H

#include <linux/audit.h>
#include <linux/binfmts.h>
#include <linux/capability.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fsverity.h>
#include <linux/ima.h>
#include <linux/init.h>
#include <linux/kernel_read_file.h>
#include <linux/lsm_hooks.h>
#include <linux/magic.h>
#include <linux/moduleparam.h>
#include <linux/personality.h>
#include <linux/ptrace.h>
#include <linux/random.h>
#include <linux/securebits.h>
#include <linux/security.h>
#include <linux/user_namespace.h>
#include <linux/verification.h>
#include <crypto/hash_info.h>
#include <crypto/sha2.h>

#include "helpers.h"
#include "image.h"
#include "signer.h"

#endif /* _RUST_LSM_BINDINGS_HELPER_H */
