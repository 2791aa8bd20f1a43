// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the policy that is compiled into the kernel
 *
 * For a kernel with CONFIG_IPE_BOOT_POLICY naming boot.pol, which is beside
 * this program in the guest. The tests build on each other: they follow the
 * policy from the start of the kernel to its deletion, which can happen only
 * once. The first tests are about events before userspace.
 */
#include <sys/prctl.h>

#include "access.h"
#include "audit.h"
#include "harness.h"
#include "origin.h"

#define NAME IPE_PREFIX "_boot"
#define OTHER IPE_PREFIX "_other"
#define CERTIFICATE "/selftests/keys/trusted.der"
#define ALLOW "DEFAULT action=ALLOW\n"
/* The digest of nothing: a boot policy has no message. */
#define NOTHING \
	"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"

static const struct ipe_version own = { 0, 0, 1 };
static const struct ipe_version older = { 0, 0, 0 };
static const struct ipe_version newer = { 0, 0, 2 };

static struct blob boot_text;
static bool enforcing, all_recorded;

/* It is active before anyone could load another policy. */
TEST(active_before_userspace)
{
	const int active = kernel_logged("^ipe: boot policy active: " NAME
					 ", version 0\\.0\\.1$");
	const int init = kernel_logged("^Run /init as init process");

	ASSERT_LT(0, active);
	ASSERT_LT(0, init);
	EXPECT_LT(active, init);
}

/* IPE judged the first program. */
TEST(decided_about_init)
{
	const int asked = kernel_logged(
		"^audit: type=1420 .* ipe_op=EXECUTE ipe_hook=BPRM_CHECK "
		"enforcing=[01] pid=1 comm=\"swapper/0\" path=\"/init\" "
		"dev=\"rootfs\" ino=[0-9]+ rule=\"op=EXECUTE "
		"boot_verified=TRUE action=ALLOW\"$");

	if (all_recorded) {
		EXPECT_LT(0, asked);
	} else {
		EXPECT_EQ(0, asked);
	}
}

/* IMA reads a certificate before userspace starts; the policy denies that. */
TEST(certificate_before_userspace)
{
	char pattern[512];

	snprintf(pattern, sizeof(pattern),
		 "^audit: type=1420 .* ipe_op=X509_CERT ipe_hook=KERNEL_READ "
		 "enforcing=%d pid=1 comm=\"swapper/0\" path=\"" CERTIFICATE
		 "\" dev=\"rootfs\" ino=[0-9]+ rule=\"DEFAULT action=DENY\"$",
		 enforcing);
	EXPECT_LT(0, kernel_logged(pattern));
	EXPECT_EQ(enforcing,
		  !!kernel_logged("^integrity: Unable to open file: " CERTIFICATE
				  " \\(-13\\)"));
	/*
	 * If IMA could read the certificate, it does not matter how it judges
	 * it.
	 */
	EXPECT_EQ(!enforcing,
		  !!kernel_logged("^integrity: (Loaded X\\.509 cert|"
				  "Problem loading X\\.509 certificate)"));
}

/* Nobody loaded or activated it, so no record says so. */
TEST(no_record_of_its_activation)
{
	EXPECT_EQ(0, kernel_logged("^audit: type=142[12] "));
}

TEST(files)
{
	char got[4096], name[256];
	struct ipe_version version;

	ASSERT_EQ(0, policy_active(name, sizeof(name), &version));
	EXPECT_STREQ(NAME, name);
	EXPECT_EQ(strlen(NAME),
		  read_file(policy_file(NAME, "name"), got, sizeof(got)));
	EXPECT_STREQ(NAME, got);
	EXPECT_EQ(5, read_file(policy_file(NAME, "version"), got,
			       sizeof(got)));
	EXPECT_STREQ("0.0.1", got);
	/* Byte for byte the text that the build was given. */
	ASSERT_EQ(boot_text.len,
		  read_file(policy_file(NAME, "policy"), got, sizeof(got)));
	EXPECT_EQ(0, memcmp(boot_text.data, got, boot_text.len));
	EXPECT_EQ(-ENOENT, read_file(policy_file(NAME, "pkcs7"), got,
				     sizeof(got)));
	EXPECT_EQ(1, read_file(policy_file(NAME, "active"), got, sizeof(got)));
	EXPECT_STREQ("1", got);
}

TEST(enforced)
{
	const int denied = enforcing ? -EACCES : 0;
	char path[256], probe[256];

	ASSERT_EQ(0, subject_copy_probe("/tmp", path, sizeof(path)));
	EXPECT_EQ(denied, try_execve(path));
	EXPECT_EQ(denied, try_mmap_path(path));
	EXPECT_EQ(denied, try_mprotect_path(path));
	EXPECT_EQ(denied, try_mmap_anonymous());
	EXPECT_EQ(0, unlink(path));
	EXPECT_EQ(0, try_execve(test_path(probe, sizeof(probe), "probe")));
}

TEST(denial_is_recorded)
{
	char pattern[256];
	int fd;

	fd = audit_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(enforcing ? -EACCES : 0, try_mmap_anonymous());
	snprintf(pattern, sizeof(pattern),
		 "^ipe_op=EXECUTE ipe_hook=MMAP enforcing=%d pid=%d comm=.* "
		 "path=\\? dev=\\? ino=\\? rule=\"DEFAULT action=DENY\"( exe_.*)?$",
		 enforcing, getpid());
	EXPECT_EQ(0, audit_match(fd, AUDIT_IPE_ACCESS, pattern, NULL));
	audit_close(fd);
}

TEST(not_deleted_while_active)
{
	char before[65];

	ASSERT_EQ(0, ipe_snapshot(before));
	EXPECT_EQ(-EPERM, policy_delete(NAME));
	expect_unchanged(_metadata, before);
}

TEST(activated_again)
{
	char before[65];
	int fd;

	fd = audit_open();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ipe_snapshot(before));
	EXPECT_EQ(0, policy_activate(NAME));
	expect_unchanged(_metadata, before);
	EXPECT_EQ(0, audit_count(fd, AUDIT_IPE_CONFIG_CHANGE));
	audit_close(fd);
}

/* An older policy of the owner cannot become active in its place. */
TEST(older_is_not_activated)
{
	ASSERT_EQ(0, policy_load(OTHER, &older, ALLOW));
	EXPECT_EQ(-ESTALE, policy_activate(OTHER));
	EXPECT_EQ(0, policy_delete(OTHER));
}

TEST(name_is_taken)
{
	char before[65];

	ASSERT_EQ(0, ipe_snapshot(before));
	EXPECT_EQ(-EEXIST, policy_load(NAME, &newer, ALLOW));
	expect_unchanged(_metadata, before);
}

static int update_signed(const char *name, const struct ipe_version *version,
			 const char *rules, unsigned int flags)
{
	struct blob policy;
	int err;

	err = policy_sign(&policy, name, version, rules, flags);
	if (err)
		return err;
	err = policy_submit(policy_file(NAME, "update"), policy.data,
			    policy.len);
	blob_free(&policy);
	return err;
}

/* Failed updates leave it unchanged. */
TEST(updates_refused)
{
	char before[65];

	ASSERT_EQ(0, ipe_snapshot(before));
	/* Its own text has no signature. */
	EXPECT_EQ(-EBADMSG, policy_submit(policy_file(NAME, "update"),
					  boot_text.data, boot_text.len));
	EXPECT_EQ(-ENOKEY, update_signed(NAME, &newer, ALLOW, SIGN_UNTRUSTED));
	EXPECT_EQ(-ESTALE, policy_submit_text(policy_file(NAME, "update"),
					      (char *)boot_text.data,
					      boot_text.len, SIGN_DER));
	EXPECT_EQ(-ESTALE, policy_update(NAME, &own, ALLOW));
	EXPECT_EQ(-ESTALE, policy_update(NAME, &older, ALLOW));
	EXPECT_EQ(-EINVAL, update_signed(OTHER, &newer, ALLOW, SIGN_DER));
	EXPECT_EQ(-EBADMSG, policy_update(NAME, &newer, "op=NONE\n"));
	expect_unchanged(_metadata, before);
	/* It still decides. */
	EXPECT_EQ(enforcing ? -EACCES : 0, try_mmap_anonymous());
}

/* Another policy is tried beside it, as beside any other. */
TEST(trial_beside_it)
{
	const char *const trial = policy_file(IPE_PREFIX "_trial", "trial");
	char text[512], path[256];

	ASSERT_EQ(0, policy_load(IPE_PREFIX "_trial", &newer, ALLOW));
	snprintf(path, sizeof(path), "%s", trial);
	if (access(path, F_OK)) {
		EXPECT_EQ(0, policy_delete(IPE_PREFIX "_trial"));
		SKIP(return, "this kernel's IPE has no trials");
	}
	EXPECT_EQ(0, write_string(path, "1"));
	EXPECT_EQ(enforcing ? -EACCES : 0, try_mmap_anonymous());
	ASSERT_LT(0, read_file(policy_file(IPE_PREFIX "_trial", "trial_stats"),
			       text, sizeof(text)));
	EXPECT_EQ(NULL, strstr(text, "only_active_denies 0\n"));
	EXPECT_NE(NULL, strstr(text, "only_trial_denies 0\n"));
	/* The boot policy cannot be on trial: it is active. */
	EXPECT_EQ(-EINVAL, write_string(policy_file(NAME, "trial"), "1"));
	EXPECT_EQ(0, policy_delete(IPE_PREFIX "_trial"));
	EXPECT_EQ(enforcing ? -EACCES : 0, try_mmap_anonymous());
}

/* A path is loaded only if a rule of it says so. */
TEST(path_that_it_does_not_allow)
{
	char path[256];

	if (origin_missing())
		SKIP(return, "%s", origin_missing());
	test_path(path, sizeof(path), "boot-origin.pol");
	ASSERT_EQ(0, origin_write(path, ORIGIN_NAME, &newer, ALLOW));
	EXPECT_EQ(-EACCES, origin_load(path));
	EXPECT_FALSE(policy_exists(ORIGIN_NAME));
	EXPECT_EQ(0, unlink(path));
}

/* A newer version that is signed takes effect at once. */
TEST(updated)
{
	char want[1024], got[8192], digest[65], actor[64];
	struct audit_record record;
	struct blob policy;
	int fd;

	ASSERT_EQ(0, policy_sign(&policy, NAME, &newer, ALLOW, SIGN_DER));
	ASSERT_EQ(0, sign_sha256(policy.data, policy.len, digest));
	audit_actor(actor);
	fd = audit_open();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, policy_submit(policy_file(NAME, "update"), policy.data,
				   policy.len));

	ASSERT_EQ(0, audit_next(fd, AUDIT_IPE_POLICY_LOAD, &record));
	snprintf(want, sizeof(want),
		 "policy_name=\"" NAME "\" policy_version=0.0.2 "
		 "policy_digest=sha256:%s %s lsm=ipe res=1 errno=0%s",
		 digest, actor, audit_signer());
	EXPECT_STREQ(want, record.text);
	ASSERT_EQ(0, audit_next(fd, AUDIT_IPE_CONFIG_CHANGE, &record));
	snprintf(want, sizeof(want),
		 "old_active_pol_name=\"" NAME "\" "
		 "old_active_pol_version=0.0.1 "
		 "old_policy_digest=sha256:" NOTHING " "
		 "new_active_pol_name=\"" NAME "\" "
		 "new_active_pol_version=0.0.2 new_policy_digest=sha256:%s "
		 "%s lsm=ipe res=1",
		 digest, actor);
	EXPECT_STREQ(want, record.text);
	audit_close(fd);

	EXPECT_EQ(1, read_file(policy_file(NAME, "active"), got, sizeof(got)));
	EXPECT_STREQ("1", got);
	EXPECT_EQ(policy.len, read_file(policy_file(NAME, "pkcs7"), got,
					sizeof(got)));
	EXPECT_EQ(0, try_mmap_anonymous());
	EXPECT_EQ(-EPERM, policy_delete(NAME));
	blob_free(&policy);
}

/* Once another policy is active, it can be deleted like any other. */
TEST(deleted)
{
	ASSERT_EQ(0, policy_load(OTHER, &newer, ALLOW));
	ASSERT_EQ(0, policy_activate(OTHER));
	EXPECT_EQ(0, policy_delete(NAME));
	EXPECT_FALSE(policy_exists(NAME));
	/* It cannot be loaded again. */
	EXPECT_EQ(-EBADMSG, policy_submit(IPE_NEW_POLICY, boot_text.data,
					  boot_text.len));
	EXPECT_FALSE(policy_exists(NAME));
}

int main(int argc, char **argv)
{
	const char *reason = ipe_unavailable();
	char path[256], value[4];
	int ret;

	if (!reason && blob_read(test_path(path, sizeof(path), "boot.pol"),
				 &boot_text))
		reason = "there is no boot.pol beside the test";
	if (reason) {
		ksft_print_header();
		ksft_exit_skip("%s\n", reason);
	}
	if (read_file(IPE_ENFORCE, value, sizeof(value)) != 1 ||
	    audit_enable(true)) {
		ksft_print_header();
		ksft_exit_fail_msg("IPE's mode or auditing is not as it should be\n");
	}
	enforcing = value[0] == '1';
	if (read_file(IPE_SUCCESS_AUDIT, value, sizeof(value)) == 1)
		all_recorded = value[0] == '1';
	if (all_recorded)
		write_string(IPE_SUCCESS_AUDIT, "0");
	ret = test_harness_run(argc, argv);
	audit_enable(false);
	return ret;
}
