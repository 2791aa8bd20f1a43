// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the life of a policy, from loading to deletion
 */
#include "harness.h"

#define NAME IPE_PREFIX "_life"
#define RULES "DEFAULT action=ALLOW\n"

FIXTURE(life)
{
	struct ipe_version in_force;
	char before[65];
};

FIXTURE_SETUP(life)
{
	ASSERT_EQ(0, ipe_reset());
	self->in_force = ipe_version();
	ASSERT_EQ(0, policy_load(NAME, NULL, RULES));
	ASSERT_EQ(0, ipe_snapshot(self->before));
}

RESET_AFTER(life)

static struct ipe_version plus(const struct ipe_version *from, int rev)
{
	struct ipe_version version = *from;

	version.rev += rev;
	return version;
}

TEST_F(life, loading_does_not_activate)
{
	EXPECT_EQ('0', policy_state(NAME));
}

TEST_F(life, activate)
{
	char name[256];
	struct ipe_version version;

	EXPECT_EQ(0, policy_activate(NAME));
	EXPECT_EQ('1', policy_state(NAME));
	/* Exactly one is active. */
	EXPECT_EQ('0', policy_state(IPE_PREFIX "_base"));
	ASSERT_EQ(0, policy_active(name, sizeof(name), &version));
	EXPECT_STREQ(NAME, name);
}

TEST_F(life, activate_again)
{
	ASSERT_EQ(0, policy_activate(NAME));
	EXPECT_EQ(0, policy_activate(NAME));
	EXPECT_EQ('1', policy_state(NAME));
}

TEST_F(life, same_name_again)
{
	EXPECT_EQ(-EEXIST, policy_load(NAME, NULL, RULES));
	expect_unchanged(_metadata, self->before);
}

TEST_F(life, same_name_higher_version)
{
	const struct ipe_version higher = plus(&self->in_force, 1);

	EXPECT_EQ(-EEXIST, policy_load(NAME, &higher, RULES));
	expect_unchanged(_metadata, self->before);
}

TEST_F(life, update)
{
	const struct ipe_version higher = plus(&self->in_force, 1);
	char text[256], got[512], want[32];
	struct blob policy;
	ssize_t len;

	ASSERT_EQ(0, policy_sign(&policy, NAME, &higher,
				 "DEFAULT action=DENY\n", SIGN_DER));
	ASSERT_EQ(0, policy_submit(policy_file(NAME, "update"), policy.data,
				   policy.len));
	snprintf(want, sizeof(want), "%hu.%hu.%hu", higher.major, higher.minor,
		 higher.rev);
	ASSERT_LT(0, read_file(policy_file(NAME, "version"), text,
			       sizeof(text)));
	EXPECT_STREQ(want, text);
	snprintf(text, sizeof(text), "policy_name=" NAME
		 " policy_version=%s\nDEFAULT action=DENY\n", want);
	ASSERT_LT(0, read_file(policy_file(NAME, "policy"), got, sizeof(got)));
	EXPECT_STREQ(text, got);
	/* An update of a policy that is not active does not activate it. */
	EXPECT_EQ('0', policy_state(NAME));

	blob_free(&policy);
	ASSERT_EQ(0, blob_read(policy_file(NAME, "name"), &policy));
	blob_free(&policy);
	len = read_file(policy_file(NAME, "name"), got, sizeof(got));
	EXPECT_EQ(strlen(NAME), len);
}

/* The new version of an active policy is active at once. */
TEST_F(life, update_active)
{
	const struct ipe_version higher = plus(&self->in_force, 1);
	struct ipe_version now;

	ASSERT_EQ(0, policy_activate(NAME));
	ASSERT_EQ(0, policy_update(NAME, &higher, RULES));
	EXPECT_EQ('1', policy_state(NAME));
	now = ipe_version();
	EXPECT_EQ(higher.rev, now.rev);
	/* Policies with the previous version are too old now. */
	EXPECT_EQ(-ESTALE, policy_activate(IPE_PREFIX "_base"));
	EXPECT_EQ('1', policy_state(NAME));
}

TEST_F(life, update_same_version)
{
	EXPECT_EQ(-ESTALE, policy_update(NAME, &self->in_force,
					 "DEFAULT action=DENY\n"));
	expect_unchanged(_metadata, self->before);
}

TEST_F(life, update_same_text_other_signature)
{
	struct blob policy;

	ASSERT_EQ(0, policy_sign(&policy, NAME, &self->in_force, RULES,
				 SIGN_APPENDED));
	EXPECT_EQ(-ESTALE, policy_submit(policy_file(NAME, "update"),
					 policy.data, policy.len));
	blob_free(&policy);
	expect_unchanged(_metadata, self->before);
}

/* The same bytes are accepted, and change nothing. */
TEST_F(life, update_same_bytes)
{
	struct blob policy;

	ASSERT_EQ(0, blob_read(policy_file(NAME, "pkcs7"), &policy));
	/* stat(2) shows a size of 0. */
	policy.data = realloc(policy.data, 8192);
	ASSERT_NE(NULL, policy.data);
	policy.len = read_file(policy_file(NAME, "pkcs7"), policy.data, 8192);
	ASSERT_LT(100, policy.len);
	EXPECT_EQ(0, policy_submit(policy_file(NAME, "update"), policy.data,
				   policy.len));
	expect_unchanged(_metadata, self->before);
	/* new_policy still says that the name is taken. */
	EXPECT_EQ(-EEXIST, policy_submit(IPE_NEW_POLICY, policy.data,
					 policy.len));
	expect_unchanged(_metadata, self->before);
	blob_free(&policy);
}

TEST_F(life, update_same_bytes_active)
{
	char policy[8192];
	ssize_t len;

	ASSERT_EQ(0, policy_activate(NAME));
	len = read_file(policy_file(NAME, "pkcs7"), policy, sizeof(policy));
	ASSERT_LT(100, len);
	EXPECT_EQ(0, policy_submit(policy_file(NAME, "update"), policy, len));
	EXPECT_EQ('1', policy_state(NAME));
}

/* Versions are compared as numbers, not as text; the first one counts most. */
TEST_F(life, update_order_of_versions)
{
	static const struct ipe_version rising[] = {
		{ 100, 0, 9 },	   { 100, 0, 10 },	 { 100, 0, 65535 },
		{ 100, 1, 0 },	   { 100, 9, 65535 },	 { 100, 10, 0 },
		{ 100, 65535, 0 }, { 101, 0, 0 },	 { 65535, 0, 0 },
		{ 65535, 0, 1 },   { 65535, 65535, 65535 },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(rising); i++) {
		ASSERT_EQ(0, policy_update(NAME, &rising[i], RULES))
		{
			TH_LOG("version %u", i);
		}
		/*
		 * None of the earlier versions is accepted any more, nor the
		 * same one.
		 */
		for (j = 0; j <= i; j++)
			EXPECT_EQ(-ESTALE, policy_update(NAME, &rising[j],
							 "DEFAULT action=DENY\n"))
			{
				TH_LOG("version %u after %u", j, i);
			}
	}
}

TEST_F(life, update_other_name)
{
	const struct ipe_version higher = plus(&self->in_force, 1);
	struct blob policy;

	ASSERT_EQ(0, policy_sign(&policy, NAME "2", &higher, RULES, SIGN_DER));
	EXPECT_EQ(-EINVAL, policy_submit(policy_file(NAME, "update"),
					 policy.data, policy.len));
	blob_free(&policy);
	expect_unchanged(_metadata, self->before);

	/* A name that begins with the other one is a different name, too. */
	ASSERT_EQ(0, policy_sign(&policy, IPE_PREFIX "_nod", &higher, RULES,
				 SIGN_DER));
	EXPECT_EQ(-EINVAL, policy_submit(policy_file(NAME, "update"),
					 policy.data, policy.len));
	blob_free(&policy);
	expect_unchanged(_metadata, self->before);
}

/* The name is checked before the version. */
TEST_F(life, update_other_name_older)
{
	const struct ipe_version none = {};
	struct blob policy;

	ASSERT_EQ(0, policy_sign(&policy, NAME "2", &none, RULES, SIGN_DER));
	EXPECT_EQ(-EINVAL, policy_submit(policy_file(NAME, "update"),
					 policy.data, policy.len));
	blob_free(&policy);
	expect_unchanged(_metadata, self->before);
}

TEST_F(life, activate_older)
{
	const struct ipe_version higher = plus(&self->in_force, 1);

	ASSERT_EQ(0, policy_load(NAME "2", &higher, RULES));
	ASSERT_EQ(0, policy_activate(NAME "2"));
	EXPECT_EQ(-ESTALE, policy_activate(NAME));
	EXPECT_EQ('1', policy_state(NAME "2"));
	EXPECT_EQ('0', policy_state(NAME));
	/* An update makes it recent enough. */
	EXPECT_EQ(0, policy_update(NAME, &higher, RULES));
	EXPECT_EQ(0, policy_activate(NAME));
	EXPECT_EQ('1', policy_state(NAME));
	EXPECT_EQ('0', policy_state(NAME "2"));
}

TEST_F(life, activate_same_version)
{
	ASSERT_EQ(0, policy_load(NAME "2", NULL, RULES));
	EXPECT_EQ(0, policy_activate(NAME "2"));
	EXPECT_EQ(0, policy_activate(NAME));
	EXPECT_EQ(0, policy_activate(NAME "2"));
	EXPECT_EQ('1', policy_state(NAME "2"));
}

TEST_F(life, delete)
{
	EXPECT_EQ(0, policy_delete(NAME));
	EXPECT_EQ(-1, access(IPE_POLICIES "/" NAME, F_OK));
	EXPECT_EQ(ENOENT, errno);
	/* The name is free again, also for an older version. */
	EXPECT_EQ(0, policy_load(NAME, NULL, RULES));
}

TEST_F(life, delete_active)
{
	char active[65];

	ASSERT_EQ(0, policy_activate(NAME));
	ASSERT_EQ(0, ipe_snapshot(active));
	EXPECT_EQ(-EPERM, policy_delete(NAME));
	expect_unchanged(_metadata, active);
	/* Once it is not active any more, it can be deleted. */
	ASSERT_EQ(0, policy_activate(IPE_PREFIX "_base"));
	EXPECT_EQ(0, policy_delete(NAME));
	EXPECT_FALSE(policy_exists(NAME));
}

/*
 * systemd does this with a policy at boot, and again after switch-root: it
 * updates a loaded policy, or loads it, then activates it. Only ESTALE may
 * prevent the activation.
 */
static int deploy(const struct blob *policy)
{
	size_t at, len;
	int fd, err;

	fd = open(policy_file(NAME "3", "update"), O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		fd = open(IPE_NEW_POLICY, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (at = 0; at < policy->len; at += len) {
		len = policy->len - at < 512 ? policy->len - at : 512;
		err = write_fd(fd, policy->data + at, len);
		if (err) {
			close(fd);
			return err;
		}
	}
	if (close(fd))
		return -errno;
	return write_string(policy_file(NAME "3", "active"), "1\n");
}

TEST_F(life, deployed_twice)
{
	struct ipe_version version = self->in_force;
	struct blob policy, newer;

	ASSERT_EQ(0, policy_sign(&policy, NAME "3", NULL, RULES, SIGN_DER));
	EXPECT_EQ(0, deploy(&policy));
	EXPECT_EQ('1', policy_state(NAME "3"));
	EXPECT_EQ(0, deploy(&policy));
	EXPECT_EQ('1', policy_state(NAME "3"));
	/* A newer version comes after it, and the older one once more. */
	version.rev++;
	ASSERT_EQ(0, policy_sign(&newer, NAME "3", &version, RULES, SIGN_DER));
	EXPECT_EQ(0, deploy(&newer));
	EXPECT_EQ('1', policy_state(NAME "3"));
	EXPECT_EQ(-ESTALE, deploy(&policy));
	EXPECT_EQ('1', policy_state(NAME "3"));
	EXPECT_EQ(version.rev, ipe_version().rev);
	blob_free(&policy);
	blob_free(&newer);
}

IPE_TEST_MAIN(no_setup, no_teardown)
