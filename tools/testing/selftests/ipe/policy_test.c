// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the policy language: texts that load, and texts that are refused,
 * with errno and place
 */
#include "audit.h"
#include "harness.h"

#define NAME IPE_PREFIX "_language"
#define HEADER "policy_name=" NAME " policy_version=1.2.3\n"
#define DEFAULTS "DEFAULT action=ALLOW\n"
#define HEX32 "0123456789abcdef0123456789abcdef"
#define HEX64 HEX32 HEX32
#define HEX56 HEX32 "0123456789abcdef01234567"

/* Texts that are refused. */
FIXTURE(refused)
{
};

FIXTURE_VARIANT(refused)
{
	const char *text;
	size_t len;
	int error;
	unsigned int line, column;
};

#define REFUSED(id, errno_, line_, column_, string)                         \
	FIXTURE_VARIANT_ADD(refused, id)                                    \
	{                                                                   \
		.text = string, .len = sizeof(string) - 1, .error = errno_, \
		.line = line_, .column = column_,                           \
	}
/* An error in line 2, after a header. */
#define RULE(id, errno_, column_, string)                                   \
	REFUSED(id, errno_, 2, column_, HEADER string "\n" DEFAULTS)

/* clang-format off */
REFUSED(empty, -EBADMSG, 1, 1, "");
REFUSED(newlines, -EBADMSG, 4, 1, "\n\n\n");
REFUSED(blanks, -EBADMSG, 2, 1, "  \t  \n");
REFUSED(only_comments, -EBADMSG, 3, 1, "# a policy\n# some day\n");
REFUSED(commented_out, -EBADMSG, 3, 1, "#" HEADER "#" DEFAULTS);

/* The header. */
REFUSED(no_header, -EBADMSG, 1, 1, DEFAULTS);
REFUSED(header_later, -EBADMSG, 1, 1, DEFAULTS HEADER);
REFUSED(header_garbage, -EBADMSG, 1, 1, "\x01\x02\x03");
REFUSED(header_name_only, -EBADMSG, 1, 1, "policy_name=" NAME "\n" DEFAULTS);
REFUSED(header_version_only, -EBADMSG, 1, 1, "policy_version=1.2.3\n" DEFAULTS);
REFUSED(header_turned, -EBADMSG, 1, 1, "policy_version=1.2.3 policy_name=" NAME "\n" DEFAULTS);
REFUSED(header_two_lines, -EBADMSG, 1, 1, "policy_name=" NAME "\npolicy_version=1.2.3\n" DEFAULTS);
REFUSED(header_upper_case, -EBADMSG, 1, 1, "POLICY_NAME=" NAME " policy_version=1.2.3\n" DEFAULTS);
REFUSED(header_glued, -EBADMSG, 1, 1, "policy_name=" NAME "policy_version=1.2.3\n" DEFAULTS);
REFUSED(header_comment_before_version, -EBADMSG, 1, 1, "policy_name=" NAME " # policy_version=1.2.3\n" DEFAULTS);
REFUSED(header_blank_in_name, -EBADMSG, 1, 18, "policy_name=ksft two policy_version=1.2.3\n" DEFAULTS);
REFUSED(header_more, -EBADMSG, 1, 48, "policy_name=" NAME " policy_version=1.2.3 more\n" DEFAULTS);
REFUSED(header_version_twice, -EBADMSG, 1, 48, "policy_name=" NAME " policy_version=1.2.3 policy_version=1.2.3\n" DEFAULTS);
REFUSED(header_twice, -EBADMSG, 2, 1, HEADER HEADER DEFAULTS);
REFUSED(header_indented, -EBADMSG, 1, 3, "\t DEFAULT action=ALLOW\n");
REFUSED(name_empty, -EBADMSG, 1, 1, "policy_name= policy_version=1.2.3\n" DEFAULTS);
REFUSED(byte_order_mark, -EBADMSG, 1, 1, "\xef\xbb\xbf" HEADER DEFAULTS);

/* The version, which begins at column 42. */
#define VERSION(id, errno_, column_, version)                               \
	REFUSED(id, errno_, 1, column_,                                     \
		"policy_name=" NAME " policy_version=" version "\n" DEFAULTS)
VERSION(version_empty, -EBADMSG, 27, "");
VERSION(version_one, -EBADMSG, 42, "1");
VERSION(version_two, -EBADMSG, 42, "1.2");
VERSION(version_four, -EBADMSG, 48, "1.2.3.4");
VERSION(version_four_empty, -EBADMSG, 48, "1.2.3.");
VERSION(version_first_missing, -EINVAL, 42, ".2.3");
VERSION(version_middle_missing, -EINVAL, 44, "1..3");
VERSION(version_last_missing, -EINVAL, 46, "1.2.");
VERSION(version_only_dots, -EINVAL, 42, "..");
VERSION(version_negative, -EINVAL, 42, "-1.0.0");
VERSION(version_letters, -EINVAL, 42, "a.b.c");
VERSION(version_suffix, -EINVAL, 46, "1.2.3-rc1");
VERSION(version_hexadecimal, -EINVAL, 44, "1.0x2.3");
VERSION(version_two_signs, -EINVAL, 42, "++1.2.3");
VERSION(version_comma, -EINVAL, 42, "1,2,3");
VERSION(version_quoted, -EINVAL, 42, "\"1.2.3\"");
VERSION(version_major_large, -ERANGE, 42, "65536.0.0");
VERSION(version_minor_large, -ERANGE, 44, "0.65536.0");
VERSION(version_revision_large, -ERANGE, 46, "0.0.65536");
VERSION(version_huge, -ERANGE, 42, "18446744073709551616.0.0");
VERSION(version_huge_letters, -ERANGE, 42, "18446744073709551616x.0.0");
VERSION(version_large_letters, -EINVAL, 42, "65536x.0.0");

/* Operations. */
RULE(op_unknown, -EBADMSG, 1, "op=UNKNOWN action=ALLOW");
RULE(op_invented, -EBADMSG, 1, "op=KERNEL_MODULE action=ALLOW");
RULE(op_lower_case, -EBADMSG, 1, "op=execute action=ALLOW");
RULE(op_longer, -EBADMSG, 1, "op=EXECUTED action=ALLOW");
RULE(op_shorter, -EBADMSG, 1, "op=EXEC action=ALLOW");
RULE(op_empty, -EBADMSG, 1, "op= action=ALLOW");
RULE(op_no_value, -EBADMSG, 1, "op action=ALLOW");
RULE(op_key_upper_case, -EBADMSG, 1, "OP=EXECUTE action=ALLOW");
RULE(op_blanks_around_equals, -EBADMSG, 1, "op = EXECUTE action=ALLOW");
RULE(op_missing, -EBADMSG, 1, "action=ALLOW");
RULE(op_after_property, -EBADMSG, 1, "boot_verified=TRUE op=EXECUTE action=ALLOW");
RULE(op_twice, -EBADMSG, 12, "op=EXECUTE op=EXECUTE action=ALLOW");
RULE(op_list, -EBADMSG, 1, "op=EXECUTE,KMODULE action=ALLOW");

/* Actions. */
RULE(action_missing, -EBADMSG, 1, "op=EXECUTE");
RULE(action_missing_after_property, -EBADMSG, 12, "op=EXECUTE boot_verified=TRUE");
RULE(action_unknown, -EBADMSG, 12, "op=EXECUTE action=MAYBE");
RULE(action_lower_case, -EBADMSG, 12, "op=EXECUTE action=allow");
RULE(action_longer, -EBADMSG, 12, "op=EXECUTE action=ALLOWED");
RULE(action_empty, -EBADMSG, 12, "op=EXECUTE action=");
RULE(action_no_value, -EBADMSG, 12, "op=EXECUTE action");
RULE(action_not_last, -EBADMSG, 12, "op=EXECUTE action=ALLOW boot_verified=TRUE");
RULE(action_twice, -EBADMSG, 12, "op=EXECUTE action=ALLOW action=ALLOW");
RULE(action_first, -EBADMSG, 1, "action=ALLOW op=EXECUTE boot_verified=TRUE");
RULE(action_glued_comment, -EBADMSG, 1, "op=EXECUTE#action=ALLOW");

/* Properties. */
RULE(property_unknown, -EBADMSG, 12, "op=EXECUTE colour=TRUE action=ALLOW");
RULE(property_second_unknown, -EBADMSG, 31, "op=EXECUTE boot_verified=TRUE colour=TRUE action=ALLOW");
RULE(property_no_value, -EBADMSG, 12, "op=EXECUTE boot_verified action=ALLOW");
RULE(property_empty_value, -EBADMSG, 12, "op=EXECUTE boot_verified= action=ALLOW");
RULE(property_lower_case_value, -EBADMSG, 26, "op=EXECUTE boot_verified=true action=ALLOW");
RULE(property_number, -EBADMSG, 26, "op=EXECUTE boot_verified=1 action=ALLOW");
RULE(property_longer_value, -EBADMSG, 31, "op=EXECUTE dmverity_signature=TRUEST action=ALLOW");
RULE(property_other_value, -EBADMSG, 31, "op=EXECUTE fsverity_signature=abc action=ALLOW");
RULE(property_upper_case, -EBADMSG, 12, "op=EXECUTE BOOT_VERIFIED=TRUE action=ALLOW");
RULE(property_quoted, -EBADMSG, 26, "op=EXECUTE boot_verified=\"TRUE\" action=ALLOW");
RULE(property_comma, -EBADMSG, 26, "op=EXECUTE boot_verified=TRUE, action=ALLOW");
RULE(property_vertical_tab, -EBADMSG, 26, "op=EXECUTE boot_verified=TRUE\vaction=ALLOW action=ALLOW");

/* Digests. */
RULE(digest_no_algorithm, -EBADMSG, 30, "op=EXECUTE dmverity_roothash=" HEX64 " action=ALLOW");
RULE(digest_fsverity_no_algorithm, -EBADMSG, 28, "op=EXECUTE fsverity_digest=" HEX64 " action=ALLOW");
RULE(digest_word, -EBADMSG, 30, "op=EXECUTE dmverity_roothash=GOOD_DOG action=ALLOW");
RULE(digest_empty, -EBADMSG, 12, "op=EXECUTE dmverity_roothash= action=ALLOW");
RULE(digest_no_hex, -EINVAL, 37, "op=EXECUTE dmverity_roothash=sha256:xyz action=ALLOW");
RULE(digest_one_bad_digit, -EINVAL, 67, "op=EXECUTE fsverity_digest=sha256:" HEX32 "g" HEX32 " action=ALLOW");
RULE(digest_odd, -EINVAL, 35, "op=EXECUTE fsverity_digest=sha256:" HEX32 "abc action=ALLOW");
RULE(digest_prefix, -EINVAL, 36, "op=EXECUTE fsverity_digest=sha256:0x" HEX64 " action=ALLOW");
RULE(digest_two_colons, -EINVAL, 35, "op=EXECUTE fsverity_digest=sha256::" HEX64 " action=ALLOW");
RULE(digest_colons_between, -EINVAL, 37, "op=EXECUTE fsverity_digest=sha256:ab:cd:ef action=ALLOW");
RULE(digest_dash, -EBADMSG, 28, "op=EXECUTE fsverity_digest=sha256-" HEX64 " action=ALLOW");

/* Defaults. */
RULE(default_alone, -EBADMSG, 1, "DEFAULT");
RULE(default_no_action, -EBADMSG, 9, "DEFAULT op=EXECUTE");
RULE(default_unknown_operation, -EBADMSG, 9, "DEFAULT op=UNKNOWN action=ALLOW");
RULE(default_unknown_action, -EBADMSG, 20, "DEFAULT op=EXECUTE action=DEN");
RULE(default_property, -EBADMSG, 20, "DEFAULT op=EXECUTE boot_verified=TRUE action=ALLOW");
RULE(default_global_property, -EBADMSG, 9, "DEFAULT boot_verified=TRUE action=ALLOW");
RULE(default_default, -EBADMSG, 9, "DEFAULT DEFAULT action=ALLOW");
RULE(default_lower_case, -EBADMSG, 1, "default action=ALLOW");
RULE(default_not_first, -EBADMSG, 12, "op=EXECUTE DEFAULT action=ALLOW");
REFUSED(default_twice, -EBADMSG, 3, 1, HEADER DEFAULTS DEFAULTS);
REFUSED(default_twice_otherwise, -EBADMSG, 3, 1, HEADER DEFAULTS "DEFAULT action=DENY\n");
REFUSED(default_operation_twice, -EBADMSG, 4, 1, HEADER DEFAULTS "DEFAULT op=KMODULE action=DENY\nDEFAULT op=KMODULE action=DENY\n");
REFUSED(default_none, -EBADMSG, 2, 1, HEADER);
REFUSED(default_none_with_rule, -EBADMSG, 3, 1, HEADER "op=EXECUTE action=ALLOW\n");
REFUSED(default_none_no_newline, -EBADMSG, 2, 24, HEADER "op=EXECUTE action=ALLOW");
REFUSED(default_one_missing, -EBADMSG, 8, 1,
	HEADER "DEFAULT op=EXECUTE action=DENY\nDEFAULT op=FIRMWARE action=DENY\n"
	"DEFAULT op=KMODULE action=DENY\nDEFAULT op=KEXEC_IMAGE action=DENY\n"
	"DEFAULT op=KEXEC_INITRAMFS action=DENY\nDEFAULT op=POLICY action=DENY\n");

/* Lines that are not statements. */
RULE(statement_unknown, -EBADMSG, 1, "UNKNOWN value=true");
RULE(statement_word, -EBADMSG, 1, "word");
RULE(statement_semicolon, -EBADMSG, 12, "op=EXECUTE action=ALLOW;");
RULE(statement_continued, -EBADMSG, 12, "op=EXECUTE \\\naction=ALLOW");
RULE(statement_slashes, -EBADMSG, 1, "// no comment");
REFUSED(after_many_lines, -EBADMSG, 8, 3, HEADER "\n\n# comment\r\n\r\n" DEFAULTS "\n\t oops\n");
REFUSED(carriage_returns_count, -EBADMSG, 4, 1, "policy_name=" NAME " policy_version=1.2.3\rDEFAULT action=ALLOW\r\r\noops\r");

/* A NUL anywhere: the whole signed text counts. */
REFUSED(nul_first, -EBADMSG, 1, 1, "\0" HEADER DEFAULTS);
REFUSED(nul_in_header, -EBADMSG, 1, 14, "policy_name=k\0 policy_version=1.2.3\n" DEFAULTS);
REFUSED(nul_for_newline, -EBADMSG, 1, 47, "policy_name=" NAME " policy_version=1.2.3\0" DEFAULTS);
REFUSED(nul_in_rule, -EBADMSG, 3, 4, HEADER DEFAULTS "op=\0EXECUTE action=ALLOW\n");
REFUSED(nul_between_lines, -EBADMSG, 3, 1, HEADER DEFAULTS "\0op=EXECUTE action=DENY\n");
REFUSED(nul_before_nonsense, -EBADMSG, 3, 1, HEADER DEFAULTS "\0nonsense\n");
REFUSED(nul_in_comment, -EBADMSG, 3, 7, HEADER DEFAULTS "# this\0is a comment\n");
REFUSED(nul_last, -EBADMSG, 3, 1, HEADER DEFAULTS "\0");
REFUSED(utf16, -EBADMSG, 1, 2, "p\0o\0l\0i\0c\0y\0_\0n\0a\0m\0e\0=\0x\0");
/* clang-format on */

RESET_AROUND(refused)

static int submit(const char *file, const void *text, size_t len,
		  unsigned int flags)
{
	return policy_submit_text(file, text, len, flags);
}

TEST_F(refused, new_policy)
{
	char before[65];

	ASSERT_EQ(0, ipe_snapshot(before));
	EXPECT_EQ(variant->error, submit(IPE_NEW_POLICY, variant->text,
					 variant->len, SIGN_DER));
	expect_unchanged(_metadata, before);
}

TEST_F(refused, update)
{
	const struct ipe_version oldest = {};
	char before[65];

	ASSERT_EQ(0, policy_load(NAME, &oldest, DEFAULTS));
	ASSERT_EQ(0, ipe_snapshot(before));
	EXPECT_EQ(variant->error, submit(policy_file(NAME, "update"),
					 variant->text, variant->len,
					 SIGN_DER));
	expect_unchanged(_metadata, before);
}

/* The record ends with the place of the error. */
TEST_F(refused, located)
{
	char pattern[256];
	int fd;

	fd = audit_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(variant->error, submit(IPE_NEW_POLICY, variant->text,
					 variant->len, SIGN_DER));
	snprintf(pattern, sizeof(pattern),
		 "^policy_name=\\? policy_version=\\? policy_digest=\\? "
		 "auid=[0-9]+ ses=[0-9]+ lsm=ipe res=0 errno=%d "
		 "line=%u column=%u reason=\"[^\"]+\"$",
		 variant->error, variant->line, variant->column);
	EXPECT_EQ(0, audit_match(fd, AUDIT_IPE_POLICY_LOAD, pattern, NULL));
	audit_close(fd);
}

/* Texts that load, and the number of their warnings. */
FIXTURE(accepted)
{
};

FIXTURE_VARIANT(accepted)
{
	const char *text;
	size_t len;
	const char *name;
	const char *version;
	unsigned int warnings;
	unsigned int line, column;
};

#define ACCEPTED_AS(id, name_, version_, string)                            \
	FIXTURE_VARIANT_ADD(accepted, id)                                   \
	{                                                                   \
		.text = string, .len = sizeof(string) - 1, .name = name_,   \
		.version = version_,                                        \
	}
#define ACCEPTED(id, string) ACCEPTED_AS(id, NAME, "1.2.3", string)
#define WARNED(id, count, column_, rules)                                   \
	FIXTURE_VARIANT_ADD(accepted, id)                                   \
	{                                                                   \
		.text = HEADER rules "\n" DEFAULTS,                         \
		.len = sizeof(HEADER rules "\n" DEFAULTS) - 1,              \
		.name = NAME, .version = "1.2.3", .warnings = count,        \
		.line = 2, .column = column_,                               \
	}
#define NAMED(id, name_)                                                    \
	ACCEPTED_AS(id, name_, "1.2.3",                                     \
		    "policy_name=" name_ " policy_version=1.2.3\n" DEFAULTS)
#define VERSIONED(id, given, shown)                                         \
	ACCEPTED_AS(id, NAME, shown,                                        \
		    "policy_name=" NAME " policy_version=" given "\n" DEFAULTS)

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

/* clang-format off */
ACCEPTED(smallest, HEADER "DEFAULT action=DENY");
ACCEPTED(trailing_newlines, HEADER DEFAULTS "\n\n\n");
ACCEPTED(empty_lines_before, "\n \t\n# comment\n" HEADER "\n" DEFAULTS);
ACCEPTED(comments, HEADER "# op=NONSENSE\n" DEFAULTS "op=EXECUTE action=DENY # why\n#\n##\n");
ACCEPTED(comment_after_version, "policy_name=" NAME " policy_version=1.2.3#comment\n" DEFAULTS);
ACCEPTED(crlf, "policy_name=" NAME " policy_version=1.2.3\r\nDEFAULT action=ALLOW\r\nop=KMODULE action=DENY\r\n");
ACCEPTED(carriage_returns, "policy_name=" NAME " policy_version=1.2.3\rDEFAULT action=ALLOW\r");
ACCEPTED(blanks_and_tabs, "  policy_name=" NAME "\t\tpolicy_version=1.2.3 \t \n\t DEFAULT \t op=EXECUTE \t action=DENY\t\n" DEFAULTS " op=EXECUTE\tboot_verified=TRUE   action=ALLOW   \n");
ACCEPTED(other_space_at_end, "policy_name=" NAME " policy_version=1.2.3\v\f\nDEFAULT action=ALLOW \v\xa0\n");
ACCEPTED(default_last, HEADER "op=EXECUTE boot_verified=TRUE action=ALLOW\n" DEFAULTS);
ACCEPTED(same_rule_twice, HEADER DEFAULTS "op=EXECUTE action=DENY\nop=EXECUTE action=DENY\n");
ACCEPTED(each_operation, HEADER DEFAULTS "op=EXECUTE action=ALLOW\nop=FIRMWARE action=ALLOW\nop=KMODULE action=ALLOW\nop=KEXEC_IMAGE action=ALLOW\nop=KEXEC_INITRAMFS action=ALLOW\nop=POLICY action=ALLOW\nop=X509_CERT action=ALLOW\n");
ACCEPTED(each_default, HEADER "DEFAULT op=EXECUTE action=DENY\nDEFAULT op=FIRMWARE action=DENY\nDEFAULT op=KMODULE action=DENY\nDEFAULT op=KEXEC_IMAGE action=DENY\nDEFAULT op=KEXEC_INITRAMFS action=DENY\nDEFAULT op=POLICY action=DENY\nDEFAULT op=X509_CERT action=DENY\n");
ACCEPTED(each_property, HEADER DEFAULTS "op=EXECUTE boot_verified=TRUE action=ALLOW\nop=EXECUTE boot_verified=FALSE action=ALLOW\nop=EXECUTE dmverity_signature=TRUE action=ALLOW\nop=EXECUTE dmverity_signature=FALSE action=ALLOW\nop=EXECUTE fsverity_signature=TRUE action=ALLOW\nop=EXECUTE fsverity_signature=FALSE action=ALLOW\nop=EXECUTE dmverity_roothash=sha256:" HEX64 " action=ALLOW\nop=EXECUTE fsverity_digest=sha256:" HEX64 " action=ALLOW\n");
ACCEPTED(digest_cases, HEADER DEFAULTS "op=EXECUTE fsverity_digest=sha256:ABCDEFABCDEFABCDEFABCDEFABCDEF01" HEX32 " action=ALLOW\nop=EXECUTE fsverity_digest=sha256:aBcDeFaBcDeFaBcDeFaBcDeFaBcDeF01" HEX32 " action=ALLOW\n");
ACCEPTED(each_algorithm, HEADER DEFAULTS
	 "op=EXECUTE dmverity_roothash=sha256:" HEX64 " action=ALLOW\n"
	 "op=EXECUTE dmverity_roothash=sha384:" HEX64 HEX32 " action=ALLOW\n"
	 "op=EXECUTE dmverity_roothash=sha512:" HEX64 HEX64 " action=ALLOW\n"
	 "op=EXECUTE dmverity_roothash=sha3-224:" HEX56 " action=ALLOW\n"
	 "op=EXECUTE dmverity_roothash=sha3-256:" HEX64 " action=ALLOW\n"
	 "op=EXECUTE dmverity_roothash=sha3-384:" HEX64 HEX32 " action=ALLOW\n"
	 "op=EXECUTE dmverity_roothash=sha3-512:" HEX64 HEX64 " action=ALLOW\n"
	 "op=EXECUTE dmverity_roothash=blake2b-512:" HEX64 HEX64 " action=ALLOW\n"
	 "op=EXECUTE dmverity_roothash=blake2s-256:" HEX64 " action=ALLOW\n"
	 "op=EXECUTE dmverity_roothash=sm3:" HEX64 " action=ALLOW\n"
	 "op=EXECUTE dmverity_roothash=rmd160:" HEX32 "01234567 action=ALLOW\n"
	 "op=EXECUTE fsverity_digest=sha512:" HEX64 HEX64 " action=ALLOW\n");

VERSIONED(version_zero, "0.0.0", "0.0.0");
VERSIONED(version_largest, "65535.65535.65535", "65535.65535.65535");
VERSIONED(version_leading_zeros, "001.0002.00003", "1.2.3");
VERSIONED(version_signs, "+1.+2.+3", "1.2.3");

NAMED(name_one_letter, "k");
NAMED(name_special, "ksft$@!*&^%%\\:;{}()'");
NAMED(name_high_bytes, "ksft\xff\xef");
NAMED(name_dots, "ksft..");
NAMED(name_equals, "ksft=a=b");
NAMED(name_dash, "-ksft");
NAMED(name_255, FIFTY FIFTY FIFTY FIFTY FIFTY "01234");

/* Rules that can never match, each with a warning. */
WARNED(warn_digest_56, 1, 35, "op=EXECUTE fsverity_digest=sha256:" HEX56 " action=DENY");
WARNED(warn_digest_short, 1, 37, "op=EXECUTE dmverity_roothash=sha256:ab action=DENY");
WARNED(warn_digest_long, 1, 37, "op=EXECUTE dmverity_roothash=sha256:" HEX64 "ab action=DENY");
WARNED(warn_digest_none, 1, 37, "op=EXECUTE dmverity_roothash=sha256: action=DENY");
WARNED(warn_algorithm_unknown, 1, 30, "op=EXECUTE dmverity_roothash=sha257:" HEX64 " action=DENY");
WARNED(warn_algorithm_empty, 1, 30, "op=EXECUTE dmverity_roothash=:" HEX64 " action=DENY");
WARNED(warn_algorithm_upper_case, 1, 30, "op=EXECUTE dmverity_roothash=SHA256:" HEX64 " action=DENY");
WARNED(warn_algorithm_longer, 1, 30, "op=EXECUTE dmverity_roothash=sha2567:" HEX64 " action=DENY");
WARNED(warn_algorithm_of_fsverity, 1, 28, "op=EXECUTE fsverity_digest=sha384:" HEX64 HEX32 " action=DENY");
WARNED(warn_contradiction, 1, 31, "op=EXECUTE boot_verified=TRUE boot_verified=FALSE action=DENY");
WARNED(warn_twice, 2, 35, "op=EXECUTE fsverity_digest=sha256:" HEX56 " action=DENY\nop=EXECUTE dmverity_roothash=md9:ab action=DENY");
/* clang-format on */

FIXTURE_SETUP(accepted)
{
	ASSERT_EQ(0, ipe_reset());
}

FIXTURE_TEARDOWN_PARENT(accepted)
{
	/* Not every name begins like the others. */
	if (policy_exists(variant->name)) {
		EXPECT_EQ(0, policy_delete(variant->name));
	}
	EXPECT_EQ(0, ipe_reset());
}

/* A strict kernel treats a warning as an error. */
static int load_result(const FIXTURE_VARIANT(accepted) *variant)
{
	return variant->warnings && ipe_is_strict() ? -EINVAL : 0;
}

static void expect_loaded(struct __test_metadata *_metadata,
			  const FIXTURE_VARIANT(accepted) *variant)
{
	char got[8192];

	ASSERT_EQ(strlen(variant->name),
		  read_file(policy_file(variant->name, "name"), got,
			    sizeof(got)));
	EXPECT_STREQ(variant->name, got);
	ASSERT_LT(0, read_file(policy_file(variant->name, "version"), got,
			       sizeof(got)));
	EXPECT_STREQ(variant->version, got);
	ASSERT_EQ(variant->len,
		  read_file(policy_file(variant->name, "policy"), got,
			    sizeof(got)));
	EXPECT_EQ(0, memcmp(variant->text, got, variant->len));
}

TEST_F(accepted, new_policy)
{
	ASSERT_EQ(load_result(variant), submit(IPE_NEW_POLICY, variant->text,
					       variant->len, SIGN_DER));
	if (!load_result(variant)) {
		expect_loaded(_metadata, variant);
		EXPECT_EQ(0, policy_delete(variant->name));
	}
	EXPECT_FALSE(policy_exists(variant->name));
}

TEST_F(accepted, appended)
{
	ASSERT_EQ(load_result(variant), submit(IPE_NEW_POLICY, variant->text,
					       variant->len, SIGN_APPENDED));
	if (!load_result(variant))
		expect_loaded(_metadata, variant);
}

/* The record of the load: the fields of C, then the warnings if there are any. */
TEST_F(accepted, recorded)
{
	char pattern[1024], name[600] = "", digest[65], warnings[128] = "";
	char actor[64];
	struct audit_record record;
	struct blob policy;
	const char *at;
	size_t end;
	int fd;

	ASSERT_EQ(0, sign_blob(variant->text, variant->len, SIGN_DER,
			       &policy));
	ASSERT_EQ(0, sign_sha256(policy.data, policy.len, digest));
	fd = audit_open();
	ASSERT_LE(0, fd);
	ASSERT_EQ(load_result(variant), policy_submit(IPE_NEW_POLICY,
						      policy.data, policy.len));
	ASSERT_EQ(0, audit_next(fd, AUDIT_IPE_POLICY_LOAD, &record));
	audit_close(fd);
	if (load_result(variant)) {
		snprintf(warnings, sizeof(warnings),
			 " res=0 errno=%d line=%u column=%u reason=\"",
			 load_result(variant), variant->line, variant->column);
		EXPECT_NE(NULL, strstr(record.text, warnings));
		return;
	}

	for (at = variant->name; *at; at++)
		sprintf(name + 2 * (at - variant->name), "%02X",
			(unsigned char)*at);
	/* Names that could pass for another field are written in hexadecimal. */
	for (at = variant->name; *at; at++)
		if (*at == '"' || *at < 0x21 || *at > 0x7e)
			break;
	if (!*at)
		snprintf(name, sizeof(name), "\"%s\"", variant->name);
	if (variant->warnings)
		snprintf(warnings, sizeof(warnings),
			 " warnings=%u line=%u column=%u reason=\"",
			 variant->warnings, variant->line, variant->column);

	snprintf(pattern, sizeof(pattern),
		 "policy_name=%s policy_version=%s policy_digest=sha256:%s "
		 "%s lsm=ipe res=1 errno=0%s",
		 name, variant->version, digest, audit_actor(actor),
		 variant->warnings ? warnings : audit_signer());
	EXPECT_EQ(0, strncmp(pattern, record.text, strlen(pattern)))
	{
		TH_LOG("wanted: %s", pattern);
		TH_LOG("    is: %s", record.text);
	}
	if (!variant->warnings) {
		EXPECT_EQ(strlen(pattern), strlen(record.text));
	} else {
		end = strlen(record.text) - strlen(audit_signer());
		EXPECT_STREQ(audit_signer(), record.text + end);
		EXPECT_EQ('"', record.text[end - 1]);
	}
	blob_free(&policy);
}

/* Names that a directory cannot have, and names that must do no harm. */
FIXTURE(name)
{
};

FIXTURE_VARIANT(name)
{
	const char *name;
	int error;
};

#define BAD_NAME(id, text, errno_)                                          \
	FIXTURE_VARIANT_ADD(name, id) { .name = text, .error = errno_ }

/* clang-format off */
BAD_NAME(dot, ".", -EACCES);
BAD_NAME(dot_dot, "..", -EACCES);
BAD_NAME(slash, "ksft/x", -EACCES);
BAD_NAME(slash_first, "/ksft", -EACCES);
BAD_NAME(slash_last, "ksft/", -EACCES);
BAD_NAME(climbing, "../ksft", -EACCES);
BAD_NAME(only_slash, "/", -EACCES);
BAD_NAME(bytes_256, FIFTY FIFTY FIFTY FIFTY FIFTY "012345", -ENAMETOOLONG);
BAD_NAME(bytes_1000, FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY, -ENAMETOOLONG);
/* clang-format on */

RESET_AROUND(name)

TEST_F(name, refused)
{
	char before[65];

	ASSERT_EQ(0, ipe_snapshot(before));
	EXPECT_EQ(variant->error,
		  policy_load(variant->name, NULL, DEFAULTS));
	expect_unchanged(_metadata, before);
	/* Nothing remains that would prevent the next policy. */
	EXPECT_EQ(0, policy_load(NAME, NULL, DEFAULTS));
}

/*
 * A name with control characters or quotes loads, but neither the records nor
 * the kernel's log show it unescaped.
 */
TEST(name_control_characters)
{
	static const char name[] = "ksft\x01\x1b[2J\x7f\"a=b";
	struct audit_record record;
	const char *at;
	int fd;

	ASSERT_EQ(0, ipe_reset());
	fd = audit_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, policy_load(name, NULL, DEFAULTS));
	ASSERT_EQ(0, audit_next(fd, AUDIT_IPE_POLICY_LOAD, &record));
	EXPECT_EQ(0, strncmp(record.text,
			     "policy_name=6B736674011B5B324A7F22613D62 ", 41))
	{
		TH_LOG("%s", record.text);
	}
	for (at = record.text; *at; at++)
		EXPECT_LE(' ', *at);
	EXPECT_EQ(0, policy_activate(name));
	ASSERT_EQ(0, audit_next(fd, AUDIT_IPE_CONFIG_CHANGE, &record));
	EXPECT_NE(NULL, strstr(record.text,
			       "new_active_pol_name=6B736674011B5B324A7F22613D62 "))
	{
		TH_LOG("%s", record.text);
	}
	audit_close(fd);
	EXPECT_EQ(0, ipe_reset());
}

IPE_TEST_MAIN(audit_setup, audit_teardown)
