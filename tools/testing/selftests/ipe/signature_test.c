// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - who may write policies: every kind of signature, valid and
 * invalid
 */
#include <linux/limits.h>

#include "audit.h"
#include "harness.h"

#define NAME IPE_PREFIX "_signature"
#define TEXT "policy_name=" NAME " policy_version=1.2.3\nDEFAULT action=ALLOW\n"

FIXTURE(signature)
{
	struct blob message;
	char before[65];
};

FIXTURE_VARIANT(signature)
{
	/* A file that a program made in advance, and its policy. */
	const char *file;
	const char *name;
	/* Or how to sign the text above. */
	unsigned int flags;
	/* How to change the message. */
	int (*change)(struct blob *message);
	/* The result; the alternative if several errors are correct. */
	int result;
	int or_else;
	/* No listed certificate is known to have signed, if the kernel lists any. */
	bool unlisted;
};

static int take_text(struct blob *message)
{
	blob_free(message);
	message->data = (unsigned char *)strdup(TEXT);
	message->len = strlen(TEXT);
	return 0;
}

/* Changes the policy into another well-formed one. */
static int change_text(struct blob *message)
{
	unsigned char *at = memmem(message->data, message->len, "ALLOW", 5);

	if (!at)
		return -ENOENT;
	memcpy(at, "DENY ", 5);
	return 0;
}

static int change_version(struct blob *message)
{
	unsigned char *at = memmem(message->data, message->len, "1.2.3", 5);

	if (!at)
		return -ENOENT;
	at[0] = '9';
	return 0;
}

/* A DER message ends with the signature. */
static int change_signature(struct blob *message)
{
	message->data[message->len - 100] ^= 1;
	return 0;
}

/* Before the trailer and the magic, 40 bytes. */
static int change_appended_signature(struct blob *message)
{
	message->data[message->len - 140] ^= 1;
	return 0;
}

static int cut_one(struct blob *message)
{
	message->len--;
	return 0;
}

static int cut_half(struct blob *message)
{
	message->len /= 2;
	return 0;
}

static int add_one(struct blob *message)
{
	unsigned char *more = realloc(message->data, message->len + 1);

	if (!more)
		return -ENOMEM;
	more[message->len++] = '\0';
	message->data = more;
	return 0;
}

static int twice(struct blob *message)
{
	unsigned char *more = realloc(message->data, 2 * message->len);

	if (!more)
		return -ENOMEM;
	memcpy(more + message->len, more, message->len);
	message->data = more;
	message->len *= 2;
	return 0;
}

static int take_nothing(struct blob *message)
{
	message->len = 0;
	return 0;
}

static int take_zeros(struct blob *message)
{
	memset(message->data + 4, 0, message->len - 4);
	return 0;
}

static int take_certificate(struct blob *message)
{
	blob_free(message);
	return sign_certificate(message);
}

/* A set instead of a sequence. */
static int change_tag(struct blob *message)
{
	message->data[0] = 0x31;
	return 0;
}

/* The type of the message: data instead of signed data. */
static int change_type(struct blob *message)
{
	static const unsigned char oid[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
					     0xf7, 0x0d, 0x01, 0x07, 0x02 };
	unsigned char *at = memmem(message->data, message->len, oid,
				   sizeof(oid));

	if (!at)
		return -ENOENT;
	at[sizeof(oid) - 1] = 0x01;
	return 0;
}

#define SIGNED(id, ...) FIXTURE_VARIANT_ADD(signature, id) { __VA_ARGS__ }

/* clang-format off */
/* Messages from the programs that the documentation names. */
SIGNED(by_openssl_smime, .file = "signed/smime.p7b", .name = "ksft_smime");
SIGNED(by_openssl_cms, .file = "signed/cms.p7b", .name = "ksft_cms");
/* Without -binary, openssl converts line endings. */
SIGNED(by_openssl_text_mode, .file = "signed/textmode.p7b", .name = "ksft_textmode");
SIGNED(by_sign_file, .file = "signed/signfile.appended", .name = "ksft_signfile", .unlisted = true);

SIGNED(der, .flags = SIGN_DER);
SIGNED(appended, .flags = SIGN_APPENDED);
SIGNED(by_both, .flags = SIGN_BY_BOTH, .unlisted = true);
SIGNED(appended_by_both, .flags = SIGN_BY_BOTH | SIGN_APPENDED, .unlisted = true);

SIGNED(unsigned_text, .change = take_text, .result = -EBADMSG);
SIGNED(by_nobody, .flags = SIGN_BY_NOBODY, .result = -ENOPKG, .or_else = -EBADMSG);
SIGNED(appended_by_nobody, .flags = SIGN_BY_NOBODY | SIGN_APPENDED, .result = -ENOPKG, .or_else = -EBADMSG);
SIGNED(untrusted, .flags = SIGN_UNTRUSTED, .result = -ENOKEY);
SIGNED(appended_untrusted, .flags = SIGN_UNTRUSTED | SIGN_APPENDED, .result = -ENOKEY);
SIGNED(text_changed, .change = change_text, .result = -EKEYREJECTED);
SIGNED(appended_text_changed, .flags = SIGN_APPENDED, .change = change_text, .result = -EKEYREJECTED);
SIGNED(version_changed, .change = change_version, .result = -EKEYREJECTED);
SIGNED(appended_version_changed, .flags = SIGN_APPENDED, .change = change_version, .result = -EKEYREJECTED);
SIGNED(signature_changed, .change = change_signature, .result = -EKEYREJECTED, .or_else = -EINVAL);
SIGNED(appended_signature_changed, .flags = SIGN_APPENDED, .change = change_appended_signature, .result = -EKEYREJECTED, .or_else = -EINVAL);
SIGNED(untrusted_changed, .flags = SIGN_UNTRUSTED, .change = change_text, .result = -EKEYREJECTED, .or_else = -ENOKEY);

SIGNED(attributes, .flags = SIGN_ATTRIBUTES);
SIGNED(appended_attributes, .flags = SIGN_ATTRIBUTES | SIGN_APPENDED);
SIGNED(attributes_text_changed, .flags = SIGN_ATTRIBUTES, .change = change_text, .result = -EKEYREJECTED);
SIGNED(detached_alone, .flags = SIGN_DETACHED, .result = -EKEYREJECTED, .or_else = -EBADMSG);
SIGNED(indefinite_length, .flags = SIGN_INDEFINITE, .result = -EBADMSG);
SIGNED(empty, .change = take_nothing, .result = -EBADMSG);
SIGNED(one_byte_missing, .change = cut_one, .result = -EBADMSG);
SIGNED(half, .change = cut_half, .result = -EBADMSG);
/* The kernel ignores bytes after the message in the same write. */
SIGNED(one_byte_more, .change = add_one);
SIGNED(two_in_one, .change = twice);
SIGNED(appended_one_byte_missing, .flags = SIGN_APPENDED, .change = cut_one, .result = -EBADMSG);
SIGNED(appended_one_byte_more, .flags = SIGN_APPENDED, .change = add_one, .result = -EBADMSG);
SIGNED(appended_two_in_one, .flags = SIGN_APPENDED, .change = twice, .result = -EKEYREJECTED, .or_else = -EBADMSG);
SIGNED(zeros, .change = take_zeros, .result = -EBADMSG);
SIGNED(certificate, .change = take_certificate, .result = -EBADMSG);
SIGNED(other_tag, .change = change_tag, .result = -EBADMSG);
SIGNED(other_type, .change = change_type, .result = -EBADMSG, .or_else = -EINVAL);
/* clang-format on */

FIXTURE_SETUP(signature)
{
	char path[PATH_MAX];

	ASSERT_EQ(0, ipe_reset());
	if (variant->file) {
		if (blob_read(test_path(path, sizeof(path), variant->file),
			      &self->message))
			SKIP(return, "%s was not made", variant->file);
	} else {
		ASSERT_EQ(0, sign_blob(TEXT, strlen(TEXT), variant->flags,
				       &self->message));
	}
	if (variant->change) {
		ASSERT_EQ(0, variant->change(&self->message));
	}
	ASSERT_EQ(0, ipe_snapshot(self->before));
}

RESET_AFTER(signature)

static const char *policy_of(const FIXTURE_VARIANT(signature) *variant)
{
	return variant->name ?: NAME;
}

static int result_of(const FIXTURE_VARIANT(signature) *variant)
{
	if (variant->unlisted && ipe_lists_signers())
		return -EKEYREJECTED;
	return variant->result;
}

static bool is_right(const FIXTURE_VARIANT(signature) *variant, int result)
{
	return result == result_of(variant) ||
	       (variant->or_else && result == variant->or_else);
}

TEST_F(signature, new_policy)
{
	int result = policy_submit(IPE_NEW_POLICY, self->message.data,
				   self->message.len);

	EXPECT_TRUE(is_right(variant, result))
	{
		TH_LOG("result %d", result);
	}
	if (result) {
		expect_unchanged(_metadata, self->before);
		return;
	}
	EXPECT_TRUE(policy_exists(policy_of(variant)));
}

/* A failed update leaves the older version in place, and active if it was. */
TEST_F(signature, update)
{
	const struct ipe_version oldest = {};
	const char *name = policy_of(variant);
	char before[65], version[32];
	int result;

	ASSERT_EQ(0, policy_load(name, &oldest, "DEFAULT action=ALLOW\n"));
	ASSERT_EQ(0, ipe_snapshot(before));
	result = policy_submit(policy_file(name, "update"), self->message.data,
			       self->message.len);
	EXPECT_TRUE(is_right(variant, result))
	{
		TH_LOG("result %d", result);
	}
	if (result) {
		expect_unchanged(_metadata, before);
		return;
	}
	ASSERT_EQ(5, read_file(policy_file(name, "version"), version,
			       sizeof(version)));
	EXPECT_STREQ("1.2.3", version);
}

/* The file pkcs7, if there is one, returns the bytes that were written. */
TEST_F(signature, kept)
{
	unsigned char *kept;
	ssize_t len;

	if (result_of(variant)) {
		EXPECT_GT(0, policy_submit(IPE_NEW_POLICY, self->message.data,
					   self->message.len));
		EXPECT_FALSE(policy_exists(policy_of(variant)));
		return;
	}
	kept = malloc(self->message.len + 64);
	ASSERT_NE(NULL, kept);
	ASSERT_EQ(0, policy_submit(IPE_NEW_POLICY, self->message.data,
				   self->message.len));
	len = read_file(policy_file(policy_of(variant), "pkcs7"), kept,
			self->message.len + 64);
	ASSERT_EQ(self->message.len, len);
	EXPECT_EQ(0, memcmp(self->message.data, kept, len));
	free(kept);
}

/* The record has the error, and nothing from the message. */
TEST_F(signature, recorded)
{
	char pattern[512];
	int fd, result;

	fd = audit_open();
	ASSERT_LE(0, fd);
	result = policy_submit(IPE_NEW_POLICY, self->message.data,
			       self->message.len);
	if (result)
		snprintf(pattern, sizeof(pattern),
			 "^policy_name=\\? policy_version=\\? "
			 "policy_digest=\\? .* lsm=ipe res=0 errno=%d( |$)",
			 result);
	else
		snprintf(pattern, sizeof(pattern),
			 "^policy_name=\"%s\" policy_version=1\\.2\\.3 "
			 "policy_digest=sha256:[0-9A-F]{64} .* lsm=ipe res=1 "
			 "errno=0%s$",
			 policy_of(variant),
			 variant->unlisted ? "" : audit_signer());
	EXPECT_EQ(0, audit_match(fd, AUDIT_IPE_POLICY_LOAD, pattern, NULL));
	/* One write, one record. */
	EXPECT_EQ(0, audit_count(fd, AUDIT_IPE_POLICY_LOAD));
	audit_close(fd);
}

/* A message that contains its own text does not sign the text before it. */
TEST(appended_message_with_text)
{
	static const char other[] = "policy_name=" NAME
				    " policy_version=1.2.3\n"
				    "DEFAULT action=DENY\n";
	struct blob inner, message;
	const unsigned char *at;

	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, sign_blob(other, strlen(other), SIGN_DER, &inner));
	ASSERT_EQ(0, sign_blob(TEXT, strlen(TEXT), SIGN_APPENDED, &message));
	/*
	 * The text, the inner message, a trailer with its length, and the
	 * magic.
	 */
	at = message.data + message.len - 40;
	message.data = realloc(NULL, strlen(TEXT) + inner.len + 40);
	ASSERT_NE(NULL, message.data);
	memcpy(message.data, TEXT, strlen(TEXT));
	memcpy(message.data + strlen(TEXT), inner.data, inner.len);
	memcpy(message.data + strlen(TEXT) + inner.len, at, 40);
	message.len = strlen(TEXT) + inner.len + 40;
	message.data[message.len - 40 + 10] = inner.len >> 8;
	message.data[message.len - 40 + 11] = inner.len;
	EXPECT_NE(0, policy_submit(IPE_NEW_POLICY, message.data, message.len));
	EXPECT_FALSE(policy_exists(NAME));
	blob_free(&inner);
	blob_free(&message);
	EXPECT_EQ(0, ipe_reset());
}

/*
 * Any bit of the message is flipped: it does not load, or it loads as the same
 * policy, because the signature does not cover every byte.
 */
FIXTURE(flipped)
{
	struct blob message;
};

FIXTURE_VARIANT(flipped)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(flipped, der) { .flags = SIGN_DER };
FIXTURE_VARIANT_ADD(flipped, appended) { .flags = SIGN_APPENDED };

FIXTURE_SETUP(flipped)
{
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, sign_blob(TEXT, strlen(TEXT), variant->flags,
			       &self->message));
}

RESET_AFTER(flipped)

TEST_F_TIMEOUT(flipped, loads_nothing_else, 600)
{
	unsigned int refused = 0, loaded = 0;
	char text[1024];
	size_t at;

	for (at = 0; at < self->message.len; at++) {
		self->message.data[at] ^= 1 << at % 8;
		if (policy_submit(IPE_NEW_POLICY, self->message.data,
				  self->message.len)) {
			refused++;
		} else {
			loaded++;
			ASSERT_LT(0, read_file(policy_file(NAME, "policy"),
					       text, sizeof(text)));
			EXPECT_STREQ(TEXT, text)
			{
				TH_LOG("a bit of byte %zu", at);
			}
			ASSERT_EQ(0, policy_delete(NAME));
		}
		self->message.data[at] ^= 1 << at % 8;
	}
	EXPECT_LT(loaded, refused);
	EXPECT_LT(100, refused);
	/* The attempts left nothing behind. */
	EXPECT_FALSE(policy_exists(NAME));
	EXPECT_EQ(0, policy_submit(IPE_NEW_POLICY, self->message.data,
				   self->message.len));
}

IPE_TEST_MAIN(audit_setup, audit_teardown)
