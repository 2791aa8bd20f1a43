// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the signer of a policy: in the record, and among those that
 * CONFIG_IPE_POLICY_SIGNERS lists
 */
#include "audit.h"
#include "harness.h"

#define NAME IPE_PREFIX "_signer"
#define TEXT(version)                                   \
	"policy_name=" NAME " policy_version=" version \
	"\nDEFAULT action=ALLOW\n"

#define SEVERAL "the policy has more than one signer"
#define UNKNOWN "the message does not have the signer's certificate"
#define NOT_LISTED "the signer's certificate is not listed"

/* The end of a record: of the trusted certificate, another one, or none. */
enum shown { SHOWS_NONE, SHOWS_TRUSTED, SHOWS_OTHER };

/* The trusted key vouches for all of these. */
FIXTURE(signer)
{
	struct blob message;
	int audit;
};

FIXTURE_VARIANT(signer)
{
	unsigned int flags;
	/* Or by a new certificate. */
	struct new_certificate by;
	bool by_new;
	int (*change)(struct blob *message);
	enum shown shown;
	/* Why a kernel that lists only the trusted one refuses it. */
	const char *reason;
};

/*
 * The type of the parameters of the trusted certificate's signature: nothing is
 * signed there, and the kernel ignores it.
 */
static int change_certificate(struct blob *message)
{
	/* NULL, and a bit string of more than 255 bytes. */
	static const unsigned char end[] = { 0x05, 0x00, 0x03, 0x82 };
	unsigned char *at, *start, *last = NULL;
	struct blob certificate;
	int err;

	err = sign_certificate(&certificate);
	if (err)
		return err;
	start = memmem(message->data, message->len, certificate.data,
		       certificate.len);
	for (at = start; at; at = memmem(at + 1, start + certificate.len - at - 1,
					 end, sizeof(end)))
		last = at;
	blob_free(&certificate);
	if (!last || last == start)
		return -ENOENT;
	/* An empty octet string. */
	last[0] = 0x04;
	return 0;
}

#define SIGNER(id, ...) FIXTURE_VARIANT_ADD(signer, id) { __VA_ARGS__ }
#define BY(...) .by_new = true, .by = { .issuer = BY_TRUSTED, .until = 3600, ##__VA_ARGS__ }

/* clang-format off */
SIGNER(trusted, .shown = SHOWS_TRUSTED);
SIGNER(trusted_appended, .flags = SIGN_APPENDED, .shown = SHOWS_TRUSTED);
SIGNER(trusted_with_attributes, .flags = SIGN_ATTRIBUTES, .shown = SHOWS_TRUSTED);
SIGNER(issued, BY(), .shown = SHOWS_OTHER, .reason = NOT_LISTED);
SIGNER(issued_appended, BY(), .flags = SIGN_APPENDED, .shown = SHOWS_OTHER, .reason = NOT_LISTED);
/* The listed certificate is in the message, but has not signed. */
SIGNER(issued_beside_trusted, BY(.beside_trusted = true), .shown = SHOWS_OTHER, .reason = NOT_LISTED);
SIGNER(bare, .flags = SIGN_BARE, .reason = UNKNOWN);
SIGNER(bare_appended, .flags = SIGN_BARE | SIGN_APPENDED, .reason = UNKNOWN);
SIGNER(both, .flags = SIGN_BY_BOTH, .reason = SEVERAL);
SIGNER(both_appended, .flags = SIGN_BY_BOTH | SIGN_APPENDED, .reason = SEVERAL);
/* The kernel verifies the key, and not every byte of the certificate around it. */
SIGNER(changed, .change = change_certificate, .shown = SHOWS_OTHER, .reason = NOT_LISTED);
/* clang-format on */

static int make_message(const FIXTURE_VARIANT(signer) *variant,
			const char *text, struct blob *message)
{
	int err;

	if (variant->by_new)
		err = sign_by_new(text, strlen(text), &variant->by,
				  variant->flags, message, NULL);
	else
		err = sign_blob(text, strlen(text), variant->flags, message);
	if (!err && variant->change)
		err = variant->change(message);
	return err;
}

FIXTURE_SETUP(signer)
{
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, make_message(variant, TEXT("1.2.3"), &self->message));
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

RESET_AFTER(signer)

/* The record of the load or of its refusal. */
static void expect_record(struct __test_metadata *_metadata, int audit,
			  const FIXTURE_VARIANT(signer) *variant, bool refused)
{
	struct audit_record record;
	const char *end, *shown;
	char result[128];

	ASSERT_EQ(0, audit_next(audit, AUDIT_IPE_POLICY_LOAD, &record));
	snprintf(result, sizeof(result), " lsm=ipe res=%d errno=%d%s%s%s",
		 !refused, refused ? -EKEYREJECTED : 0,
		 refused ? " reason=\"" : "", refused ? variant->reason : "",
		 refused ? "\"" : "");
	end = strstr(record.text, result);
	ASSERT_NE(NULL, end)
	{
		TH_LOG("wanted: %s", result);
		TH_LOG("    is: %s", record.text);
	}
	shown = end + strlen(result);
	switch (variant->shown) {
	case SHOWS_NONE:
		EXPECT_STREQ("", shown);
		break;
	case SHOWS_TRUSTED:
		EXPECT_STREQ(audit_signer(), shown);
		break;
	case SHOWS_OTHER:
		EXPECT_EQ(0, strncmp(shown, " signer=sha256:", 15));
		EXPECT_EQ(15 + 64, strlen(shown));
		EXPECT_STRNE(audit_signer(), shown);
		break;
	}
	TH_LOG("%s", record.text);
}

TEST_F(signer, new_policy)
{
	bool refused = variant->reason && ipe_lists_signers();
	char before[65];

	ASSERT_EQ(0, ipe_snapshot(before));
	EXPECT_EQ(refused ? -EKEYREJECTED : 0,
		  policy_submit(IPE_NEW_POLICY, self->message.data,
				self->message.len));
	expect_record(_metadata, self->audit, variant, refused);
	if (refused) {
		expect_unchanged(_metadata, before);
	} else {
		EXPECT_TRUE(policy_exists(NAME));
	}
}

/* A refused update leaves the older version in place. */
TEST_F(signer, update)
{
	bool refused = variant->reason && ipe_lists_signers();
	static const struct ipe_version oldest = {};
	char before[65];

	ASSERT_EQ(0, policy_load(NAME, &oldest, "DEFAULT action=DENY\n"));
	ASSERT_EQ(0, ipe_snapshot(before));
	ASSERT_LE(0, audit_drain(self->audit));
	EXPECT_EQ(refused ? -EKEYREJECTED : 0,
		  policy_submit(policy_file(NAME, "update"),
				self->message.data, self->message.len));
	expect_record(_metadata, self->audit, variant, refused);
	if (refused)
		expect_unchanged(_metadata, before);
}

/* What the keyrings do not vouch for does not count, whoever is listed. */
TEST(other_signers_are_refused_as_before)
{
	static const struct new_certificate own = { .issuer = BY_ITSELF,
						    .until = 3600,
						    .beside_trusted = true };
	struct audit_record record;
	struct blob message;
	char before[65];
	int fd;

	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, sign_by_new(TEXT("1.2.3"), strlen(TEXT("1.2.3")), &own, 0,
				 &message, NULL));
	ASSERT_EQ(0, ipe_snapshot(before));
	fd = audit_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENOKEY, policy_submit(IPE_NEW_POLICY, message.data,
					 message.len));
	ASSERT_EQ(0, audit_next(fd, AUDIT_IPE_POLICY_LOAD, &record));
	EXPECT_NE(NULL, strstr(record.text, " res=0 errno=-126"));
	EXPECT_EQ(NULL, strstr(record.text, "signer="));
	expect_unchanged(_metadata, before);
	audit_close(fd);
	blob_free(&message);
}

IPE_TEST_MAIN(audit_setup, audit_teardown)
