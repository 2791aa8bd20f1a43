// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the securebits by which a program is told how to treat scripts
 */
#include <linux/securebits.h>
#include <sys/prctl.h>

#include "access.h"
#include "audit.h"
#include "harness.h"
#include "interpreter.h"
#include "probe.h"
#include "stage.h"

#ifndef SECBIT_EXEC_RESTRICT_FILE
#define SECBIT_EXEC_RESTRICT_FILE (1 << 8)
#define SECBIT_EXEC_RESTRICT_FILE_LOCKED (1 << 9)
#define SECBIT_EXEC_DENY_INTERACTIVE (1 << 10)
#endif

/* As reported by "probe". */
#define CHECK_FILES (SECBIT_EXEC_RESTRICT_FILE >> 8)
#define CHECK_FILES_LOCKED (SECBIT_EXEC_RESTRICT_FILE_LOCKED >> 8)
#define DENY_INTERACTIVE (SECBIT_EXEC_DENY_INTERACTIVE >> 8)

#define UNCHECKED "op=UNCHECKED_SCRIPT "
#define INTERACTIVE "op=INTERACTIVE_SCRIPT "
#define ALLOW_ALL "DEFAULT action=ALLOW\n"
#define DENY_UNCHECKED ALLOW_ALL "DEFAULT op=UNCHECKED_SCRIPT action=DENY\n"
#define DENY_INTERACTIVELY ALLOW_ALL "DEFAULT op=INTERACTIVE_SCRIPT action=DENY\n"

static int bits_of(const char *path, int (*prepare)(void *argument),
		   void *argument)
{
	return run_program_with(PROBE_SCRIPT_BITS, AT_FDCWD, path, 0, prepare,
				argument);
}

FIXTURE(bits)
{
	const char *path;
};

FIXTURE_VARIANT(bits)
{
	enum place place;
	const char *rules;
	int bits;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(bits, not_named) { PLACE_INITRAMFS, ALLOW_ALL, 0 };
FIXTURE_VARIANT_ADD(bits, not_named_but_denied) { PLACE_INITRAMFS, TRUST_INITRAMFS, 0 };
FIXTURE_VARIANT_ADD(bits, unchecked) { PLACE_TMPFS, DENY_UNCHECKED, CHECK_FILES };
FIXTURE_VARIANT_ADD(bits, unchecked_allowed) { PLACE_TMPFS, ALLOW_ALL "DEFAULT op=UNCHECKED_SCRIPT action=ALLOW\n", 0 };
FIXTURE_VARIANT_ADD(bits, unchecked_by_global_default) { PLACE_TMPFS, "DEFAULT action=DENY\nop=EXECUTE action=ALLOW\n" UNCHECKED "boot_verified=TRUE action=ALLOW\n", CHECK_FILES };
FIXTURE_VARIANT_ADD(bits, unchecked_by_rule) { PLACE_TMPFS, ALLOW_ALL UNCHECKED "boot_verified=FALSE action=DENY\n", CHECK_FILES };
FIXTURE_VARIANT_ADD(bits, unchecked_not_by_rule) { PLACE_INITRAMFS, ALLOW_ALL UNCHECKED "boot_verified=FALSE action=DENY\n", 0 };
FIXTURE_VARIANT_ADD(bits, unchecked_but_boot) { PLACE_INITRAMFS, DENY_UNCHECKED UNCHECKED "boot_verified=TRUE action=ALLOW\n", 0 };
FIXTURE_VARIANT_ADD(bits, unchecked_but_digest) { PLACE_FSV, DENY_UNCHECKED UNCHECKED "fsverity_digest=$fsv action=ALLOW\n", 0 };
FIXTURE_VARIANT_ADD(bits, unchecked_but_wrong_digest) { PLACE_FSV, DENY_UNCHECKED UNCHECKED "fsverity_digest=$wrong action=ALLOW\n", CHECK_FILES };
FIXTURE_VARIANT_ADD(bits, unchecked_but_volume) { PLACE_DMV, DENY_UNCHECKED UNCHECKED "dmverity_roothash=$dmv action=ALLOW\n", 0 };
FIXTURE_VARIANT_ADD(bits, unchecked_but_signed) { PLACE_DMV_SIGNED, DENY_UNCHECKED UNCHECKED "dmverity_signature=TRUE action=ALLOW\n", 0 };
FIXTURE_VARIANT_ADD(bits, interactive) { PLACE_TMPFS, DENY_INTERACTIVELY, DENY_INTERACTIVE };
FIXTURE_VARIANT_ADD(bits, interactive_but_boot) { PLACE_INITRAMFS, DENY_INTERACTIVELY INTERACTIVE "boot_verified=TRUE action=ALLOW\n", 0 };
FIXTURE_VARIANT_ADD(bits, both) { PLACE_TMPFS, DENY_UNCHECKED INTERACTIVE "action=DENY\n", CHECK_FILES | DENY_INTERACTIVE };
/* clang-format on */

FIXTURE_SETUP(bits)
{
	NEEDS_PLACE(variant->place);
	ASSERT_EQ(0, ipe_reset());
	self->path = stage_path(variant->place, "probe");
	ASSERT_EQ(0, stage_enforce(variant->rules));
}

RESET_AFTER(bits)

TEST_F(bits, enforcing)
{
	EXPECT_EQ(variant->bits, bits_of(self->path, NULL, NULL));
}

TEST_F(bits, permissive)
{
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_EQ(0, bits_of(self->path, NULL, NULL));
}

/* A plain user may set these bits, and lock them, set or not. */
static int set_bits(void *bits)
{
	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534) ||
	    prctl(PR_SET_SECUREBITS, *(unsigned long *)bits, 0, 0, 0))
		return -errno;
	return 0;
}

/* Bits that the user has set stay, with their lock, whatever the policy says. */

TEST_F(bits, set_by_the_user)
{
	unsigned long bits = SECBIT_EXEC_RESTRICT_FILE;

	EXPECT_EQ(variant->bits | CHECK_FILES,
		  bits_of(self->path, set_bits, &bits));
	bits |= SECBIT_EXEC_RESTRICT_FILE_LOCKED;
	EXPECT_EQ(variant->bits | CHECK_FILES | CHECK_FILES_LOCKED,
		  bits_of(self->path, set_bits, &bits));
}

/* The lock of a bit that is not set does not stop the policy. */
TEST_F(bits, locked_by_the_user)
{
	unsigned long bits = SECBIT_EXEC_RESTRICT_FILE_LOCKED;

	EXPECT_EQ(variant->bits | CHECK_FILES_LOCKED,
		  bits_of(self->path, set_bits, &bits));
}

/* One program executes another one: the policy decides anew. */
FIXTURE(chain)
{
	int audit;
};

FIXTURE_SETUP(chain)
{
	NEEDS_PLACE(PLACE_INITRAMFS);
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, policy_enforce_rules(
			     DENY_UNCHECKED UNCHECKED
			     "boot_verified=TRUE action=ALLOW\n"));
}

RESET_AFTER(chain)

static int chain(enum place first, enum place second,
		 int (*prepare)(void *argument), void *argument)
{
	char word[PATH_MAX];

	snprintf(word, sizeof(word), PROBE_EXECUTE "%s",
		 stage_path(second, "probe"));
	return run_program_with(word, AT_FDCWD, stage_path(first, "probe"), 0,
				prepare, argument);
}

TEST_F(chain, decides_anew)
{
	EXPECT_EQ(0, chain(PLACE_TMPFS, PLACE_INITRAMFS, NULL, NULL));
	EXPECT_EQ(CHECK_FILES, chain(PLACE_INITRAMFS, PLACE_TMPFS, NULL, NULL));
	EXPECT_EQ(CHECK_FILES, chain(PLACE_TMPFS, PLACE_TMPFS, NULL, NULL));
}

TEST_F(chain, leaves_the_bits_of_the_user)
{
	unsigned long bits = SECBIT_EXEC_RESTRICT_FILE;

	EXPECT_EQ(CHECK_FILES,
		  chain(PLACE_TMPFS, PLACE_INITRAMFS, set_bits, &bits));
}

/* Nor does it keep the policy from taking its own bit back. */
TEST_F(chain, locked_by_the_user)
{
	unsigned long bits = SECBIT_EXEC_RESTRICT_FILE_LOCKED;

	EXPECT_EQ(CHECK_FILES_LOCKED,
		  chain(PLACE_TMPFS, PLACE_INITRAMFS, set_bits, &bits));
	EXPECT_EQ(CHECK_FILES | CHECK_FILES_LOCKED,
		  chain(PLACE_INITRAMFS, PLACE_TMPFS, set_bits, &bits));
}

/* A user can choose the dynamic linker: both files need permission. */
TEST_F(chain, of_a_dynamic_linker)
{
	char program[PATH_MAX], copy[PATH_MAX];

	test_path(program, sizeof(program), "interpreted");
	snprintf(copy, sizeof(copy), "%s/copy-%d", stage_dir(), getpid());
	ASSERT_EQ(0, copy_file(program, copy, 0755));
	ASSERT_EQ(0, interpreter_set(stage_path(PLACE_INITRAMFS, "probe")));
	EXPECT_EQ(0, bits_of(program, NULL, NULL));
	EXPECT_EQ(CHECK_FILES, bits_of(copy, NULL, NULL));
	ASSERT_EQ(0, interpreter_set(stage_path(PLACE_TMPFS, "probe")));
	EXPECT_EQ(CHECK_FILES, bits_of(program, NULL, NULL));
	interpreter_unset();
}

/* The program of a script is its interpreter. */
TEST_F(chain, of_a_script)
{
	char script[PATH_MAX];

	snprintf(script, sizeof(script), "%s/script-%d", stage_dir(), getpid());
	ASSERT_EQ(0, write_script(script,
				  stage_path(PLACE_INITRAMFS, "probe")));
	EXPECT_EQ(0, bits_of(script, NULL, NULL));
	ASSERT_EQ(0, unlink(script));
	ASSERT_EQ(0, write_script(script, stage_path(PLACE_TMPFS, "probe")));
	EXPECT_EQ(CHECK_FILES, bits_of(script, NULL, NULL));
}

/* Each execution asks: only success_audit records that. */
TEST_F(chain, is_recorded)
{
	const char *path = stage_path(PLACE_TMPFS, "probe");
	struct audit_record record;

	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
	EXPECT_EQ(CHECK_FILES, bits_of(path, NULL, NULL));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_ACCESS));
	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	EXPECT_EQ(CHECK_FILES, bits_of(path, NULL, NULL));
	EXPECT_EQ(0, audit_match(self->audit, AUDIT_IPE_ACCESS,
				 "^ipe_op=UNCHECKED_SCRIPT "
				 "ipe_hook=BPRM_CREDS_FROM_FILE enforcing=1 "
				 ".* path=\"[^\"]*\" dev=\"tmpfs\" ino=[0-9]+ "
				 "rule=\"DEFAULT op=UNCHECKED_SCRIPT "
				 "action=DENY\"$",
				 &record));
}

IPE_TEST_MAIN_UNLESS(kernel_checks_execve() ? NULL : NO_EXECVE_CHECK,
		     audited_stage_setup, audited_stage_teardown)
