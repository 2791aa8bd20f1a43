// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - decisions about code: which of several rules and defaults applies
 */
#include "access.h"
#include "harness.h"
#include "stage.h"

/* Which of several rules and defaults applies to a file on tmpfs. */
FIXTURE(order)
{
	int expected;
};

FIXTURE_VARIANT(order)
{
	const char *rules;
	bool allowed;
};

#define ORDER(id, text, result)                                             \
	FIXTURE_VARIANT_ADD(order, id) { .rules = text, .allowed = result }

/* clang-format off */
ORDER(global_allow, "DEFAULT action=ALLOW\n", true);
ORDER(global_deny, "DEFAULT action=DENY\n", false);
ORDER(operation_allow, "DEFAULT action=DENY\nDEFAULT op=EXECUTE action=ALLOW\n", true);
ORDER(operation_deny, "DEFAULT action=ALLOW\nDEFAULT op=EXECUTE action=DENY\n", false);
ORDER(operation_before_global, "DEFAULT op=EXECUTE action=ALLOW\nDEFAULT action=DENY\n", true);
ORDER(other_operation, "DEFAULT action=ALLOW\nDEFAULT op=KMODULE action=DENY\n", true);
ORDER(other_operation_rule, "DEFAULT action=ALLOW\nop=KMODULE action=DENY\nop=FIRMWARE action=DENY\n", true);
ORDER(each_operation,
      "DEFAULT op=EXECUTE action=DENY\nDEFAULT op=FIRMWARE action=ALLOW\n"
      "DEFAULT op=KMODULE action=ALLOW\nDEFAULT op=KEXEC_IMAGE action=ALLOW\n"
      "DEFAULT op=KEXEC_INITRAMFS action=ALLOW\nDEFAULT op=POLICY action=ALLOW\n"
      "DEFAULT op=X509_CERT action=ALLOW\n", false);
ORDER(rule_beats_default, "DEFAULT op=EXECUTE action=DENY\nDEFAULT action=DENY\nop=EXECUTE action=ALLOW\n", true);
ORDER(default_after_rule, "op=EXECUTE action=ALLOW\nDEFAULT action=DENY\n", true);
ORDER(first_allows, "DEFAULT action=DENY\nop=EXECUTE action=ALLOW\nop=EXECUTE action=DENY\n", true);
ORDER(first_denies, "DEFAULT action=ALLOW\nop=EXECUTE action=DENY\nop=EXECUTE action=ALLOW\n", false);
ORDER(second_matches, "DEFAULT action=DENY\nop=EXECUTE boot_verified=TRUE action=DENY\nop=EXECUTE boot_verified=FALSE action=ALLOW\n", true);
ORDER(narrow_then_wide, "DEFAULT action=ALLOW\nop=EXECUTE boot_verified=FALSE dmverity_signature=FALSE action=DENY\nop=EXECUTE boot_verified=FALSE action=ALLOW\n", false);
ORDER(wide_then_narrow, "DEFAULT action=DENY\nop=EXECUTE boot_verified=FALSE action=ALLOW\nop=EXECUTE boot_verified=FALSE dmverity_signature=FALSE action=DENY\n", true);
ORDER(none_matches, "DEFAULT action=DENY\nop=EXECUTE boot_verified=TRUE action=ALLOW\nop=EXECUTE dmverity_signature=TRUE action=ALLOW\n", false);
ORDER(other_operation_between, "DEFAULT action=DENY\nop=KMODULE action=DENY\nop=EXECUTE action=ALLOW\n", true);
/* clang-format on */

FIXTURE_SETUP(order)
{
	ASSERT_EQ(0, ipe_reset());
	self->expected = variant->allowed ? 0 : -EACCES;
	ASSERT_EQ(0, stage_enforce(variant->rules));
}

RESET_AFTER(order)

TEST_F(order, decides)
{
	const char *path = stage_path(PLACE_TMPFS, "probe");

	EXPECT_EQ(self->expected, try_execve(path));
	EXPECT_EQ(self->expected, try_mmap_path(path));
	EXPECT_EQ(self->expected, try_mprotect_path(path));
}

/* Like "order", for a file with fs-verity: some rules have digests. */
FIXTURE(digest_order)
{
	int expected;
};

FIXTURE_VARIANT(digest_order)
{
	const char *rules;
	bool allowed;
};

#define DIGEST_ORDER(id, text, result)                                      \
	FIXTURE_VARIANT_ADD(digest_order, id)                               \
	{                                                                   \
		.rules = text, .allowed = result                            \
	}

/* clang-format off */
DIGEST_ORDER(digest_first, "DEFAULT action=DENY\nop=EXECUTE fsverity_digest=$fsv action=ALLOW\nop=EXECUTE boot_verified=FALSE action=DENY\n", true);
DIGEST_ORDER(digest_last, "DEFAULT action=ALLOW\nop=EXECUTE boot_verified=FALSE action=DENY\nop=EXECUTE fsverity_digest=$fsv action=ALLOW\n", false);
DIGEST_ORDER(wrong_then_right, "DEFAULT action=DENY\nop=EXECUTE fsverity_digest=$wrong action=DENY\nop=EXECUTE fsverity_digest=$fsv action=ALLOW\n", true);
DIGEST_ORDER(same_digest_twice, "DEFAULT action=DENY\nop=EXECUTE fsverity_digest=$fsv action=ALLOW\nop=EXECUTE fsverity_digest=$fsv action=DENY\n", true);
DIGEST_ORDER(same_digest_other_way, "DEFAULT action=ALLOW\nop=EXECUTE fsverity_digest=$fsv action=DENY\nop=EXECUTE fsverity_digest=$fsv action=ALLOW\n", false);
DIGEST_ORDER(condition_fails_then_digest, "DEFAULT action=DENY\nop=EXECUTE fsverity_digest=$fsv boot_verified=TRUE action=DENY\nop=EXECUTE fsverity_digest=$fsv action=ALLOW\n", true);
DIGEST_ORDER(condition_holds_then_digest, "DEFAULT action=ALLOW\nop=EXECUTE fsverity_digest=$fsv boot_verified=FALSE action=DENY\nop=EXECUTE fsverity_digest=$fsv action=ALLOW\n", false);
DIGEST_ORDER(digest_of_other_operation, "DEFAULT action=DENY\nop=KMODULE fsverity_digest=$fsv action=ALLOW\n", false);
/* clang-format on */

FIXTURE_SETUP(digest_order)
{
	NEEDS_PLACE(PLACE_FSV);
	ASSERT_EQ(0, ipe_reset());
	self->expected = variant->allowed ? 0 : -EACCES;
	ASSERT_EQ(0, stage_enforce(variant->rules));
}

RESET_AFTER(digest_order)

TEST_F(digest_order, decides)
{
	const char *path = stage_path(PLACE_FSV, "probe");

	EXPECT_EQ(self->expected, try_execve(path));
	EXPECT_EQ(self->expected, try_mmap_path(path));
}

IPE_TEST_MAIN(stage_setup, stage_teardown)
