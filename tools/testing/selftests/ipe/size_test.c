// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - policies of any size: many rules, long lines, and the memory they
 * take
 */
#include "access.h"
#include "pieces.h"
#include "stage.h"

#define HEADER "policy_name=" NAME " policy_version=1.2.3\n"
#define DEFAULTS "DEFAULT action=ALLOW\n"
#define TEXT HEADER DEFAULTS
/* An emulated machine that shares its processors is slow. */
#define LIMIT 300

FIXTURE(size)
{
};

RESET_AROUND(size)

/* Many rules, and long ones. */
TEST_F(size, many_rules)
{
	static const char rule[] =
		"op=EXECUTE fsverity_digest=sha256:%064x action=ALLOW\n";
	char *text = malloc(64 * 1024);
	int i, len;

	ASSERT_NE(NULL, text);
	len = sprintf(text, HEADER DEFAULTS);
	/* As many as the decoder of PKCS#7 accepts. */
	for (i = 0; i < 500; i++)
		len += sprintf(text + len, rule, i);
	EXPECT_EQ(0, policy_submit_text(IPE_NEW_POLICY, text, len, SIGN_DER));
	free(text);
}

TEST_F(size, long_rule)
{
	char *text = malloc(64 * 1024);
	int i, len;

	ASSERT_NE(NULL, text);
	len = sprintf(text, HEADER DEFAULTS "op=EXECUTE");
	for (i = 0; i < 2000; i++)
		len += sprintf(text + len, " boot_verified=TRUE");
	len += sprintf(text + len, " action=ALLOW\n");
	EXPECT_EQ(0, policy_submit_text(IPE_NEW_POLICY, text, len, SIGN_DER));
	free(text);
}

/* The decoder's limit, which applies only to messages that contain the text. */
TEST_F(size, too_long_for_der)
{
	char *text = malloc(80 * 1024);
	int len;

	ASSERT_NE(NULL, text);
	len = sprintf(text, HEADER DEFAULTS "#");
	memset(text + len, 'x', 70 * 1024);
	len += 70 * 1024;
	EXPECT_EQ(-EMSGSIZE, policy_submit_text(IPE_NEW_POLICY, text, len,
						SIGN_DER));
	EXPECT_FALSE(policy_exists(NAME));
	EXPECT_EQ(0, policy_submit_text(IPE_NEW_POLICY, text, len,
					SIGN_APPENDED));
	EXPECT_TRUE(policy_exists(NAME));
	free(text);
}

/* The number of bytes of a kind that the kernel counts; -1 on error. */
static long memory(const char *kind)
{
	char text[8192];
	const char *at;

	if (read_file("/proc/meminfo", text, sizeof(text)) < 0)
		return -1;
	at = strstr(text, kind);
	return at ? atol(at + strlen(kind)) * 1024 : -1;
}

static long available_memory(void)
{
	/* Memory that is freed after a grace period is not free at once. */
	usleep(200000);
	return memory("MemAvailable:");
}

/* The shortest possible rule, repeated. */
static int sign_rules(struct blob *policy, unsigned long rules)
{
	static const char rule[] = "op=POLICY action=DENY\n";
	const size_t head = strlen(TEXT), len = strlen(rule);
	char *text = malloc(head + rules * len + 1);
	unsigned long i;
	int err;

	if (!text)
		return -ENOMEM;
	memcpy(text, TEXT, head);
	for (i = 0; i < rules; i++)
		memcpy(text + head + i * len, rule, len);
	err = sign_blob(text, head + rules * len, SIGN_APPENDED, policy);
	free(text);
	return err;
}

/* The largest possible number of rules: their memory is bounded, and is freed. */
TEST_F_TIMEOUT(size, most_rules, LIMIT)
{
	const unsigned long rules = (IPE_MAX_POLICY - 4096) / 22;
	long before, loaded, after;
	struct blob policy;

	ASSERT_LT(700000, rules);
	ASSERT_EQ(0, sign_rules(&policy, rules));
	/* The kernel keeps some of the memory that it has used for the first time. */
	EXPECT_EQ(0, policy_submit(IPE_NEW_POLICY, policy.data, policy.len));
	EXPECT_EQ(0, ipe_reset());
	before = available_memory();
	EXPECT_EQ(0, policy_submit(IPE_NEW_POLICY, policy.data, policy.len));
	loaded = available_memory();
	EXPECT_EQ(0, policy_activate(NAME));
	EXPECT_EQ(0, try_mmap_anonymous());
	EXPECT_EQ(0, ipe_reset());
	after = available_memory();
	EXPECT_LT(before - loaded, (long)(policy.len + 8 * MIB));
	EXPECT_LT(before - after, (long)(8 * MIB));
	TH_LOG("%lu rules: %ld KiB, afterwards %ld KiB", rules,
	       (before - loaded) / 1024, (before - after) / 1024);
	blob_free(&policy);
}

TEST_F_TIMEOUT(size, million_rules, LIMIT)
{
	struct blob policy;

	ASSERT_EQ(0, sign_rules(&policy, 1000000));
	EXPECT_EQ(-EFBIG, policy_submit(IPE_NEW_POLICY, policy.data,
					policy.len));
	EXPECT_FALSE(policy_exists(NAME));
	blob_free(&policy);
}

/* Lines of one MiB. */
FIXTURE(line)
{
};

FIXTURE_VARIANT(line)
{
	/* The line: its beginning, the repeated part, its end. */
	const char *begin, *filler, *end;
	int result;
};

#define LINE(id, begin_, filler_, end_, result_)                            \
	FIXTURE_VARIANT_ADD(line, id)                                       \
	{                                                                   \
		.begin = begin_, .filler = filler_, .end = end_,            \
		.result = result_                                           \
	}

/* clang-format off */
LINE(comment, "#", "x", "\n", 0);
LINE(empty_lines, "", "\n", "", 0);
LINE(white_space, "op=EXECUTE", " \t", " action=ALLOW\n", 0);
LINE(white_space_at_the_end, "op=EXECUTE action=ALLOW", " \t", "\n", 0);
LINE(properties, "op=EXECUTE", " boot_verified=TRUE", " action=ALLOW\n", 0);
LINE(no_property, "op=EXECUTE ", "x", " action=ALLOW\n", -EBADMSG);
LINE(no_operation, "op=", "EXECUTE", " action=ALLOW\n", -EBADMSG);
LINE(no_action, "op=EXECUTE action=", "ALLOW", "\n", -EBADMSG);
LINE(no_value, "op=EXECUTE boot_verified=", "TRUE", " action=ALLOW\n", -EBADMSG);
LINE(algorithm, "op=EXECUTE fsverity_digest=", "sha256", ":00 action=ALLOW\n", 0);
LINE(digits, "op=EXECUTE fsverity_digest=sha256:", "00", " action=ALLOW\n", 0);
LINE(not_closed, "", "op=EXECUTE ", "", -EBADMSG);
/* clang-format on */

RESET_AROUND(line)

static int make_line(struct blob *text, const char *head, const char *begin,
		     const char *filler, const char *end)
{
	const size_t step = strlen(filler);
	char *at;

	text->data = malloc(MIB + 4096);
	if (!text->data)
		return -ENOMEM;
	at = stpcpy((char *)text->data, head);
	at = stpcpy(at, begin);
	while (at < (char *)text->data + MIB)
		at = mempcpy(at, filler, step);
	at = stpcpy(at, end);
	text->len = at - (char *)text->data;
	return 0;
}

TEST_F_TIMEOUT(line, of_a_mib, LIMIT)
{
	const int result = ipe_is_strict() && strstr(variant->begin, "digest") ?
				   -EINVAL :
				   variant->result;
	long before, after;
	struct blob text;

	ASSERT_EQ(0, make_line(&text, TEXT, variant->begin, variant->filler,
			       variant->end));
	before = available_memory();
	EXPECT_EQ(result, policy_submit_text(IPE_NEW_POLICY, (char *)text.data,
					     text.len, SIGN_APPENDED));
	EXPECT_EQ(!result, policy_exists(NAME));
	ASSERT_EQ(0, ipe_reset());
	after = available_memory();
	EXPECT_LT(before - after, (long)(8 * MIB));
	blob_free(&text);
}

/* A rule of one MiB decides like a short one, however the record shows it. */
TEST_F_TIMEOUT(size, line_that_decides, LIMIT)
{
	const struct ipe_version version = ipe_version();
	struct blob text;
	char header[256];

	snprintf(header, sizeof(header),
		 "policy_name=" NAME " policy_version=%hu.%hu.%hu\n" DEFAULTS,
		 version.major, version.minor, version.rev);
	ASSERT_EQ(0, make_line(&text, header, "op=EXECUTE",
			       " boot_verified=FALSE", " action=DENY\n"));
	ASSERT_EQ(0, policy_submit_text(IPE_NEW_POLICY, (char *)text.data,
					text.len, SIGN_APPENDED));
	ASSERT_EQ(0, policy_activate(NAME));
	EXPECT_EQ(-EACCES, try_mmap_anonymous());
	EXPECT_EQ(-EACCES, try_mprotect_anonymous());
	blob_free(&text);
}

/* A policy of a given length, mostly comments. */
static int sign_long(struct blob *policy, size_t text_len)
{
	const size_t line = 1000;
	char *text = malloc(text_len);
	size_t at;
	int err;

	if (!text)
		return -ENOMEM;
	memset(text, '#', text_len);
	for (at = line; at < text_len; at += line)
		text[at] = '\n';
	text[text_len - 1] = '\n';
	at = sprintf(text, "policy_name=" NAME " policy_version=1.2.3\n" RULES);
	text[at] = '#';
	err = sign_blob(text, text_len, SIGN_APPENDED, policy);
	free(text);
	return err;
}

/* Exactly the limit. */
TEST_F(size, largest)
{
	struct blob policy;
	size_t overhead;

	ASSERT_EQ(0, sign_long(&policy, 10000));
	overhead = policy.len - 10000;
	blob_free(&policy);

	ASSERT_EQ(0, sign_long(&policy, IPE_MAX_POLICY - overhead));
	ASSERT_EQ(IPE_MAX_POLICY, policy.len);
	EXPECT_EQ(0, policy_submit(IPE_NEW_POLICY, policy.data, policy.len));
	EXPECT_TRUE(is_loaded());
	blob_free(&policy);
}

/* The memory that the kernel has allocated with vmalloc(). */
static long vmalloc_used(void)
{
	return memory("VmallocUsed:");
}

/* A reader keeps the policy that it has begun to read until it learns of the deletion. */
TEST_F(size, deleted_is_let_go)
{
	struct blob policy;
	long before, kept;
	char byte;
	int fd;

	before = vmalloc_used();
	ASSERT_LT(0, before);
	ASSERT_EQ(0, sign_long(&policy, 8 * MIB));
	ASSERT_EQ(0, policy_submit(IPE_NEW_POLICY, policy.data, policy.len));
	blob_free(&policy);
	fd = open(policy_file(NAME, "policy"), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, read(fd, &byte, 1));
	ASSERT_EQ(0, ipe_reset());
	kept = vmalloc_used();
	EXPECT_LT(before + 7 * (long)MIB, kept);

	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_GT(kept - 7 * (long)MIB, vmalloc_used());
	EXPECT_EQ(0, close(fd));
}

TEST_F(size, too_large)
{
	struct blob policy;
	char before[65];
	int fd, err;

	ASSERT_EQ(0, ipe_snapshot(before));
	ASSERT_EQ(0, sign_long(&policy, IPE_MAX_POLICY));
	/* In one write. */
	EXPECT_EQ(-EFBIG, policy_submit(IPE_NEW_POLICY, policy.data,
					policy.len));
	expect_unchanged(_metadata, before);

	/* In many writes, one of which exceeds the limit. */
	fd = open(IPE_NEW_POLICY, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, write_pieces(fd, &policy, 0, IPE_MAX_POLICY, MIB));
	err = write_fd(fd, policy.data + IPE_MAX_POLICY,
		       policy.len - IPE_MAX_POLICY);
	EXPECT_EQ(-EFBIG, err);
	/* The collected bytes are gone, and the file accepts another message. */
	blob_free(&policy);
	ASSERT_EQ(0, policy_sign(&policy, NAME, &version, RULES, SIGN_DER));
	EXPECT_EQ(0, write_fd(fd, policy.data, policy.len));
	EXPECT_TRUE(is_loaded());
	EXPECT_EQ(0, close(fd));
	blob_free(&policy);
}

/* Abandoned messages do not accumulate in memory. */
TEST_F(size, abandoned)
{
	char *data = malloc(IPE_MAX_POLICY);
	int i;

	ASSERT_NE(NULL, data);
	memset(data, ' ', IPE_MAX_POLICY);
	for (i = 0; i < 64; i++) {
		ASSERT_EQ(-EBADMSG, write_file(IPE_NEW_POLICY, data,
					       IPE_MAX_POLICY));
	}
	free(data);
	EXPECT_EQ(0, policy_load(NAME, NULL, RULES));
}

#define MANY_RULES 100000

/* A rule for each of many digests, and one for a file that exists. */
static int sign_many(struct blob *policy, const char *name,
		     const char *last_rule)
{
	static const char rule[] =
		"op=EXECUTE fsverity_digest=sha256:"
		"00000000000000000000000000000000000000000000000000000000"
		"00000000 action=DENY\n";
	static const char digits[] = "0123456789abcdef";
	const struct ipe_version version = ipe_version();
	const size_t rule_len = strlen(rule);
	char *text = malloc(MANY_RULES * rule_len + 1024), *at;
	unsigned int i, mixed, digit;
	int err;

	if (!text)
		return -ENOMEM;
	at = text + sprintf(text,
			    "policy_name=%s policy_version=%hu.%hu.%hu\n"
			    "DEFAULT action=ALLOW\n"
			    "DEFAULT op=EXECUTE action=DENY\n",
			    name, version.major, version.minor, version.rev);
	for (i = 0; i < MANY_RULES; i++) {
		memcpy(at, rule, rule_len);
		/*
		 * All are different: multiplying by an odd factor permutes the
		 * numbers.
		 */
		mixed = i * 2654435761U;
		for (digit = 0; digit < 8; digit++)
			at[34 + 7 * digit] = digits[mixed >> (4 * digit) & 15];
		at += rule_len;
	}
	at += sprintf(at, "%s", last_rule);
	err = sign_blob(text, at - text, SIGN_APPENDED, policy);
	free(text);
	return err;
}

FIXTURE(many)
{
	int fd;
};

FIXTURE_SETUP(many)
{
	ASSERT_EQ(0, ipe_reset());
	self->fd = open(IPE_NEW_POLICY, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

RESET_AFTER(many)

/* 100,000 rules load, activate and decide. */
TEST_F_TIMEOUT(many, rules, 120)
{
	static const char fsv[] = "op=EXECUTE fsverity_digest=$fsv action=ALLOW\n"
				  "op=EXECUTE boot_verified=TRUE action=ALLOW\n";
	char last[512], *text;
	struct blob policy;
	ssize_t len;

	NEEDS_PLACE(PLACE_FSV);
	ASSERT_EQ(0, stage_rules(last, sizeof(last), fsv));
	ASSERT_EQ(0, sign_many(&policy, NAME, last));
	ASSERT_LT(10 * MIB, policy.len);

	/* In pieces of 64 KiB, as copying programs write. */
	ASSERT_EQ(0, write_pieces(self->fd, &policy, 0, policy.len, 65536));
	EXPECT_EQ(0, close(self->fd));
	text = malloc(policy.len + 1);
	ASSERT_NE(NULL, text);
	len = read_file(policy_file(NAME, "pkcs7"), text, policy.len + 1);
	ASSERT_EQ(policy.len, len);
	EXPECT_EQ(0, memcmp(policy.data, text, len));
	free(text);

	ASSERT_EQ(0, policy_activate(NAME));
	EXPECT_EQ(0, try_execve(stage_path(PLACE_FSV, "probe")));
	EXPECT_EQ(0, try_mmap_path(stage_path(PLACE_FSV, "probe")));
	EXPECT_EQ(-EACCES, try_execve(stage_path(PLACE_FSV_SHA512, "probe")));
	EXPECT_EQ(-EACCES, try_execve(stage_path(PLACE_TMPFS, "probe")));
	EXPECT_EQ(-EACCES, try_mmap_path(stage_path(PLACE_FSV, "name")));
	if (!stage_missing(PLACE_INITRAMFS)) {
		EXPECT_EQ(0, try_execve(stage_path(PLACE_INITRAMFS, "probe")));
	}
	blob_free(&policy);
}

IPE_TEST_MAIN(stage_setup, stage_teardown)
