// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - whose signatures count: certificates, also revoked ones
 */
#include <linux/keyctl.h>
#include <sys/syscall.h>

#include "harness.h"
#include "verity.h"

#define NAME IPE_PREFIX "_certificate"
#define TEXT "policy_name=" NAME " policy_version=1.2.3\nDEFAULT action=ALLOW\n"

/* A signature counts if the kernel's keys vouch for the signer. */
FIXTURE(certificate)
{
};

FIXTURE_VARIANT(certificate)
{
	struct new_certificate by;
	unsigned int flags;
	int result;
};

#define CERTIFICATE(id, result_, flags_, ...)                               \
	FIXTURE_VARIANT_ADD(certificate, id)                                \
	{                                                                   \
		.result = result_, .flags = flags_, .by = { __VA_ARGS__ }   \
	}

#define DAY (24L * 3600)

/* clang-format off */
CERTIFICATE(of_ones_own, -ENOKEY, SIGN_DER, .issuer = BY_ITSELF, .until = DAY);
CERTIFICATE(of_ones_own_appended, -ENOKEY, SIGN_APPENDED, .issuer = BY_ITSELF, .until = DAY);
CERTIFICATE(of_ones_own_for_all, -ENOKEY, SIGN_DER, .issuer = BY_ITSELF, .until = DAY, .constraints = "critical,CA:TRUE", .usage = "critical,digitalSignature,keyCertSign");
/* It has the serial number and names of the trusted one, but not its key. */
CERTIFICATE(posing, -EKEYREJECTED, SIGN_DER, .issuer = BY_ITSELF, .until = DAY, .as_trusted = true);
CERTIFICATE(posing_appended, -EKEYREJECTED, SIGN_APPENDED, .issuer = BY_ITSELF, .until = DAY, .as_trusted = true);
/*
 * The kernel trusts no clock: only a message that states its time must fit the
 * validity of the certificate.
 */
CERTIFICATE(expired, 0, SIGN_DER, .issuer = BY_TRUSTED, .from = -2 * DAY, .until = -DAY);
CERTIFICATE(expired_with_time, -EKEYREJECTED, SIGN_ATTRIBUTES, .issuer = BY_TRUSTED, .from = -2 * DAY, .until = -DAY);
CERTIFICATE(not_yet_valid, 0, SIGN_DER, .issuer = BY_TRUSTED, .from = DAY, .until = 2 * DAY);
CERTIFICATE(not_yet_valid_with_time, -EKEYREJECTED, SIGN_ATTRIBUTES, .issuer = BY_TRUSTED, .from = DAY, .until = 2 * DAY);
/* The kernel ignores the purpose of a certificate, and whether it may certify. */
CERTIFICATE(issued, 0, SIGN_DER, .issuer = BY_TRUSTED, .until = DAY);
CERTIFICATE(issued_appended, 0, SIGN_APPENDED, .issuer = BY_TRUSTED, .until = DAY);
CERTIFICATE(issued_with_time, 0, SIGN_ATTRIBUTES, .issuer = BY_TRUSTED, .from = -DAY, .until = DAY);
CERTIFICATE(issued_for_servers, 0, SIGN_DER, .issuer = BY_TRUSTED, .until = DAY, .constraints = "critical,CA:FALSE", .usage = "critical,keyEncipherment", .extended_usage = "critical,serverAuth");
CERTIFICATE(issued_by_one_that_may_not, 0, SIGN_DER, .issuer = BY_OTHER_NEW, .until = DAY);
/* clang-format on */

RESET_AROUND(certificate)

TEST_F(certificate, signs)
{
	char before[65];
	int result = variant->result;
	struct blob message;

	/*
	 * The kernel then searches a second keyring, which has no key of these
	 * names.
	 */
	if (!result && ipe_lists_signers())
		result = -EKEYREJECTED;
	if (variant->by.as_trusted && find_keyring(".platform") >= 0)
		result = -ENOKEY;
	ASSERT_EQ(0, sign_by_new(TEXT, strlen(TEXT), &variant->by,
				 variant->flags, &message, NULL));
	ASSERT_EQ(0, ipe_snapshot(before));
	EXPECT_EQ(result,
		  policy_submit(IPE_NEW_POLICY, message.data, message.len));
	if (result) {
		expect_unchanged(_metadata, before);
	} else {
		EXPECT_TRUE(policy_exists(NAME));
	}
	blob_free(&message);
}

/* Revokes a certificate, as root may with the signature of a trusted key. */
static int revoke_certificate(const char *tbs)
{
	const int keyring = find_keyring(".blacklist");
	char description[4 + 64 + 1];
	struct blob signature;
	int err;

	if (keyring < 0)
		return keyring;
	snprintf(description, sizeof(description), "tbs:%s", tbs);
	err = sign_blob(description, strlen(description), SIGN_DETACHED,
			&signature);
	if (err)
		return err;
	if (syscall(SYS_add_key, "blacklist", description, signature.data,
		    signature.len, keyring) < 0)
		err = -errno;
	blob_free(&signature);
	return err;
}

FIXTURE(revoked)
{
};

FIXTURE_VARIANT(revoked)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(revoked, der) { .flags = SIGN_DER };
FIXTURE_VARIANT_ADD(revoked, appended) { .flags = SIGN_APPENDED };

RESET_AROUND(revoked)

TEST_F(revoked, signer)
{
	static const struct new_certificate issued = { .issuer = BY_TRUSTED,
						       .until = DAY };
	struct blob message;
	char tbs[65];
	int err;

	if (ipe_lists_signers())
		SKIP(return, "the kernel lists who may sign");
	ASSERT_EQ(0, sign_by_new(TEXT, strlen(TEXT), &issued, variant->flags,
				 &message, tbs));
	EXPECT_EQ(0, policy_submit(IPE_NEW_POLICY, message.data, message.len));
	err = revoke_certificate(tbs);
	if (err == -ENOKEY || err == -EACCES)
		SKIP(return, "the kernel was built without "
			     "CONFIG_SYSTEM_BLACKLIST_AUTH_UPDATE");
	ASSERT_EQ(0, err);
	/* The loaded policy stays, but cannot be loaded again. */
	EXPECT_TRUE(policy_exists(NAME));
	EXPECT_EQ(0, policy_submit(policy_file(NAME, "update"), message.data,
				   message.len));
	ASSERT_EQ(0, policy_delete(NAME));
	EXPECT_EQ(-EKEYREJECTED, policy_submit(IPE_NEW_POLICY, message.data,
					       message.len));
	EXPECT_FALSE(policy_exists(NAME));
	/* Signatures by the key that is not revoked still count. */
	EXPECT_EQ(0, policy_submit_text(IPE_NEW_POLICY, TEXT, strlen(TEXT),
					variant->flags));
	blob_free(&message);
}

IPE_TEST_MAIN(no_setup, no_teardown)
