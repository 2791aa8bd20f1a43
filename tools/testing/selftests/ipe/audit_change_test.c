// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - audit records of policies and of the mode, and the kernel's log
 * about policies: when they are written, and their exact text
 */
#include <linux/capability.h>

#include "audit_fixture.h"

#define BASE IPE_PREFIX "_base"

/* No rule of a policy can add a field to a record. */
TEST_F(records, hostile_policy)
{
	static const char text[] =
		"policy_name=" NAME " policy_version=1.0.0\n" ALLOW
		"op=EXECUTE x\"res=1\"errno=0\x1b[2J=TRUE action=ALLOW\n";
	struct audit_record record;
	const char *at;

	EXPECT_EQ(-EBADMSG, policy_submit_text(IPE_NEW_POLICY, text,
					       strlen(text), SIGN_DER));
	ASSERT_EQ(0, audit_next(self->audit, AUDIT_IPE_POLICY_LOAD, &record));
	EXPECT_EQ(NULL, strstr(record.text, "res=1"));
	EXPECT_NE(NULL, strstr(record.text, " lsm=ipe res=0 errno=-74"));
	for (at = record.text; *at; at++)
		EXPECT_LE(' ', *at);
}

/* Loading and activating: the user, the version, the digest. */
FIXTURE(change)
{
	int audit;
	char actor[64];
	struct ipe_version version;
	struct blob base, policy;
	char base_digest[65], digest[65];
	char base_version[32], text_version[32];
};

static int read_all(const char *path, struct blob *blob)
{
	ssize_t len;

	blob->data = malloc(65536);
	if (!blob->data)
		return -ENOMEM;
	len = read_file(path, blob->data, 65536);
	if (len < 0)
		return len;
	blob->len = len;
	return 0;
}

FIXTURE_SETUP(change)
{
	ASSERT_EQ(0, ipe_reset());
	self->version = ipe_version();
	snprintf(self->text_version, sizeof(self->text_version), "%hu.%hu.%hu",
		 self->version.major, self->version.minor, self->version.rev);
	strcpy(self->base_version, self->text_version);
	ASSERT_EQ(0, read_all(policy_file(BASE, "pkcs7"), &self->base));
	ASSERT_EQ(0, sign_sha256(self->base.data, self->base.len,
				 self->base_digest));
	ASSERT_EQ(0, policy_sign(&self->policy, NAME, NULL, ALLOW, SIGN_DER));
	ASSERT_EQ(0, sign_sha256(self->policy.data, self->policy.len,
				 self->digest));
	audit_actor(self->actor);
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

RESET_AFTER(change)

static void expect_load(struct __test_metadata *_metadata, int audit,
			const char *version, const char *digest,
			const char *actor)
{
	struct audit_record record;
	char want[1024];

	ASSERT_EQ(0, audit_next(audit, AUDIT_IPE_POLICY_LOAD, &record));
	snprintf(want, sizeof(want),
		 "policy_name=\"" NAME "\" policy_version=%s "
		 "policy_digest=sha256:%s %s lsm=ipe res=1 errno=0%s",
		 version, digest, actor, audit_signer());
	EXPECT_RECORD(want, record);
}

static void expect_activation(struct __test_metadata *_metadata, int audit,
			      const char *old_name, const char *old_version,
			      const char *old_digest, const char *new_version,
			      const char *new_digest, const char *actor)
{
	struct audit_record record;
	char want[1024];

	ASSERT_EQ(0, audit_next(audit, AUDIT_IPE_CONFIG_CHANGE, &record));
	snprintf(want, sizeof(want),
		 "old_active_pol_name=\"%s\" old_active_pol_version=%s "
		 "old_policy_digest=sha256:%s new_active_pol_name=\"" NAME
		 "\" new_active_pol_version=%s new_policy_digest=sha256:%s %s "
		 "lsm=ipe res=1",
		 old_name, old_version, old_digest, new_version, new_digest,
		 actor);
	EXPECT_RECORD(want, record);
}

TEST_F(change, load)
{
	ASSERT_EQ(0, policy_submit(IPE_NEW_POLICY, self->policy.data,
				   self->policy.len));
	expect_load(_metadata, self->audit, self->text_version, self->digest,
		    self->actor);
}

TEST_F(change, load_once)
{
	ASSERT_EQ(0, policy_submit(IPE_NEW_POLICY, self->policy.data,
				   self->policy.len));
	EXPECT_EQ(1, audit_count(self->audit, AUDIT_IPE_POLICY_LOAD));
	EXPECT_EQ(-EEXIST, policy_submit(IPE_NEW_POLICY, self->policy.data,
					 self->policy.len));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_CONFIG_CHANGE));
}

TEST_F(change, activate)
{
	ASSERT_EQ(0, policy_submit(IPE_NEW_POLICY, self->policy.data,
				   self->policy.len));
	ASSERT_EQ(0, policy_activate(NAME));
	expect_load(_metadata, self->audit, self->text_version, self->digest,
		    self->actor);
	expect_activation(_metadata, self->audit, BASE, self->base_version,
			  self->base_digest, self->text_version, self->digest,
			  self->actor);
}

/* An activation that changes nothing is not recorded. */
TEST_F(change, activate_again)
{
	ASSERT_EQ(0, policy_submit(IPE_NEW_POLICY, self->policy.data,
				   self->policy.len));
	ASSERT_EQ(0, policy_activate(NAME));
	EXPECT_EQ(1, audit_count(self->audit, AUDIT_IPE_CONFIG_CHANGE));
	ASSERT_EQ(0, policy_activate(NAME));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_CONFIG_CHANGE));
}

TEST_F(change, activate_older)
{
	struct ipe_version higher = self->version;

	higher.rev++;
	ASSERT_EQ(0, policy_load(NAME "2", &higher, ALLOW));
	ASSERT_EQ(0, policy_load(NAME, NULL, ALLOW));
	ASSERT_EQ(0, policy_activate(NAME "2"));
	ASSERT_EQ(1, audit_count(self->audit, AUDIT_IPE_CONFIG_CHANGE));
	EXPECT_GT(0, policy_activate(NAME));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_CONFIG_CHANGE));
}

/* Updating the active policy loads and activates. */
TEST_F(change, update_active)
{
	struct ipe_version higher = self->version;
	char digest[65], version[32];
	struct blob policy;

	higher.rev++;
	snprintf(version, sizeof(version), "%hu.%hu.%hu", higher.major,
		 higher.minor, higher.rev);
	ASSERT_EQ(0, policy_sign(&policy, NAME, &higher, ALLOW,
				 SIGN_APPENDED));
	ASSERT_EQ(0, sign_sha256(policy.data, policy.len, digest));
	ASSERT_EQ(0, policy_submit(IPE_NEW_POLICY, self->policy.data,
				   self->policy.len));
	ASSERT_EQ(0, policy_activate(NAME));
	ASSERT_EQ(0, audit_drain(self->audit));

	ASSERT_EQ(0, policy_submit(policy_file(NAME, "update"), policy.data,
				   policy.len));
	expect_load(_metadata, self->audit, version, digest, self->actor);
	expect_activation(_metadata, self->audit, NAME, self->text_version,
			  self->digest, version, digest, self->actor);
}

TEST_F(change, update_inactive)
{
	struct ipe_version higher = self->version;

	higher.rev++;
	ASSERT_EQ(0, policy_load(NAME, NULL, ALLOW));
	ASSERT_EQ(0, audit_drain(self->audit));
	ASSERT_EQ(0, policy_update(NAME, &higher, ALLOW));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_CONFIG_CHANGE));
	higher.rev++;
	ASSERT_EQ(0, policy_update(NAME, &higher, ALLOW));
	EXPECT_EQ(1, audit_count(self->audit, AUDIT_IPE_POLICY_LOAD));
}

/* The same bytes change nothing, so there is no activation. */
TEST_F(change, update_same_bytes)
{
	ASSERT_EQ(0, policy_submit(IPE_NEW_POLICY, self->policy.data,
				   self->policy.len));
	ASSERT_EQ(0, policy_activate(NAME));
	ASSERT_EQ(0, audit_drain(self->audit));
	EXPECT_EQ(0, policy_submit(policy_file(NAME, "update"),
				   self->policy.data, self->policy.len));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_CONFIG_CHANGE));
}

TEST_F(change, delete)
{
	ASSERT_EQ(0, policy_load(NAME, NULL, ALLOW));
	ASSERT_EQ(0, audit_drain(self->audit));
	ASSERT_EQ(0, policy_delete(NAME));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_CONFIG_CHANGE));
	ASSERT_EQ(0, policy_load(NAME, NULL, ALLOW));
	ASSERT_EQ(1, audit_count(self->audit, AUDIT_IPE_POLICY_LOAD));
	ASSERT_EQ(0, policy_delete(NAME));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_IPE_POLICY_LOAD));
}

/* Load errors that are not about the text. */
FIXTURE(failure)
{
	int audit;
	char actor[64];
};

FIXTURE_VARIANT(failure)
{
	int error;
};

FIXTURE_VARIANT_ADD(failure, no_capability) { -EPERM };
FIXTURE_VARIANT_ADD(failure, name_taken) { -EEXIST };
FIXTURE_VARIANT_ADD(failure, other_name) { -EINVAL };
FIXTURE_VARIANT_ADD(failure, older) { -ESTALE };
FIXTURE_VARIANT_ADD(failure, untrusted) { -ENOKEY };
FIXTURE_VARIANT_ADD(failure, impossible_name) { -EACCES };

FIXTURE_SETUP(failure)
{
	ASSERT_EQ(0, ipe_reset());
	ASSERT_EQ(0, policy_load(NAME, NULL, ALLOW));
	audit_actor(self->actor);
	self->audit = audit_open();
	ASSERT_LE(0, self->audit);
}

RESET_AFTER(failure)

static int fail(int error)
{
	const struct ipe_version none = {};
	struct blob policy;
	const char *file = IPE_NEW_POLICY;
	const char *name = NAME;
	unsigned int flags = SIGN_DER;
	int err;

	switch (error) {
	case -EPERM:
		name = NAME "2";
		break;
	case -ENOKEY:
		flags = SIGN_UNTRUSTED;
		break;
	case -EINVAL:
		name = NAME "2";
		file = policy_file(NAME, "update");
		break;
	case -ESTALE:
		file = policy_file(NAME, "update");
		break;
	case -EACCES:
		name = "..";
		break;
	}
	err = policy_sign(&policy, name, error == -ESTALE ? &none : NULL,
			  error == -ESTALE ? DENY : ALLOW, flags);
	if (!err && error == -EPERM)
		err = cap_effective(CAP_MAC_ADMIN, false);
	if (err)
		return err;
	err = policy_submit(file, policy.data, policy.len);
	blob_free(&policy);
	return err;
}

TEST_F(failure, recorded)
{
	struct audit_record record;
	char want[256];

	EXPECT_EQ(variant->error, fail(variant->error));
	ASSERT_EQ(0, audit_next(self->audit, AUDIT_IPE_POLICY_LOAD, &record));
	snprintf(want, sizeof(want),
		 "policy_name=? policy_version=? policy_digest=? %s lsm=ipe "
		 "res=0 errno=%d",
		 self->actor, variant->error);
	EXPECT_RECORD(want, record);
}

TEST_F(failure, recorded_once)
{
	EXPECT_EQ(variant->error, fail(variant->error));
	EXPECT_EQ(1, audit_count(self->audit, AUDIT_IPE_POLICY_LOAD));
}

/* Changes of the mode. */
TEST_F(records, mode)
{
	struct audit_record record;
	char actor[64], want[256];
	int to;

	audit_actor(actor);
	for (to = 0; to <= 1; to++) {
		ASSERT_EQ(0, write_string(IPE_ENFORCE, to ? "1" : "0"));
		ASSERT_EQ(0, audit_next(self->audit, AUDIT_MAC_STATUS,
					&record));
		snprintf(want, sizeof(want),
			 "enforcing=%d old_enforcing=%d %s enabled=1 "
			 "old-enabled=1 lsm=ipe res=1",
			 to, !to, actor);
		EXPECT_RECORD(want, record);
	}
}

TEST_F(records, mode_once)
{
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_EQ(1, audit_count(self->audit, AUDIT_MAC_STATUS));
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "1"));
	EXPECT_EQ(1, audit_count(self->audit, AUDIT_MAC_STATUS));
}

TEST_F(records, mode_unchanged)
{
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "1"));
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "y"));
	EXPECT_EQ(-EINVAL, write_string(IPE_ENFORCE, "x"));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_MAC_STATUS));
	ASSERT_EQ(0, cap_effective(CAP_MAC_ADMIN, false));
	EXPECT_EQ(-EPERM, write_string(IPE_ENFORCE, "0"));
	ASSERT_EQ(0, cap_effective(CAP_MAC_ADMIN, true));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_MAC_STATUS));
}

TEST_F(records, success_audit_is_not_a_mode)
{
	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	ASSERT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "0"));
	EXPECT_EQ(0, audit_count(self->audit, AUDIT_MAC_STATUS));
}

/* The kernel's log says where a policy is wrong. */
TEST_F(records, kernel_log)
{
	static const char text[] = "policy_name=" NAME " policy_version=1.0.0\n"
				   ALLOW "op=EXECUTE action=\x1b[2J\n";
	char line[8192], *at;
	bool found = false;
	ssize_t len;
	int log;

	log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, log);
	ASSERT_LE(0, lseek(log, 0, SEEK_END));
	EXPECT_EQ(-EBADMSG, policy_submit_text(IPE_NEW_POLICY, text,
					       strlen(text), SIGN_DER));
	while ((len = read(log, line, sizeof(line) - 1)) > 0) {
		line[len] = '\0';
		at = strchr(line, ';');
		if (!at || strncmp(at, ";ipe: ", 6))
			continue;
		found |= strstr(at, "line 3") && strstr(at, "column 12");
		EXPECT_EQ(NULL, strstr(at, "[2J"));
	}
	EXPECT_TRUE(found);
	EXPECT_EQ(0, close(log));
}

IPE_TEST_MAIN(audit_setup, audit_teardown)
