// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - the seal, which fixes the active policy and the mode until the
 * next boot
 *
 * Runs last in a guest, because nothing can be changed afterwards. The tests
 * build on each other. With ipe.seal=1 on the command line, it must be the only
 * program: activating the first policy seals.
 */
#include <linux/capability.h>

#include "audit.h"
#include "combination.h"

#define ACTIVE IPE_PREFIX "_active"
#define OTHER IPE_PREFIX "_other"
#define NEW IPE_PREFIX "_new"
#define OLD IPE_PREFIX "_old"
#define RULES                                                               \
	ALLOW_ONLY("boot_verified=TRUE")                                    \
	"op=POLICY boot_verified=TRUE action=ALLOW\n"

/* The fields of a seal's record after those of the user. */
#define SEALED "enabled=1 old-enabled=1 lsm=ipe res=1 sealed=1"

static bool by_parameter;
/* The policy that is sealed, and those beside it. */
static struct ipe_version lower, sealed_version, higher;

static int seal(const char *value)
{
	return write_string(IPE_SEAL, value);
}

static char sealed(void)
{
	char value[8];

	return read_file(IPE_SEAL, value, sizeof(value)) == 1 ? value[0] : '?';
}

/* The only record of the seal. */
static void expect_recorded(struct __test_metadata *_metadata, int fd)
{
	struct audit_record record;
	char want[256], actor[64];

	ASSERT_EQ(0, audit_match(fd, AUDIT_MAC_STATUS, "sealed=1$", &record));
	audit_actor(actor);
	snprintf(want, sizeof(want), "enforcing=1 old_enforcing=1 %s " SEALED,
		 actor);
	EXPECT_STREQ(want, record.text);
}

TEST(open_at_boot)
{
	struct stat st;

	ASSERT_EQ(0, stat(IPE_SEAL, &st));
	EXPECT_EQ(S_IFREG | 0600, st.st_mode);
	EXPECT_EQ('0', sealed());
}

/* Sealing a machine without a policy would leave it open until it restarts. */
TEST(without_policy)
{
	if (!by_parameter)
		SKIP(return, "a policy is active");
	EXPECT_EQ(-EINVAL, seal("1"));
	EXPECT_EQ('0', sealed());
}

/* Sealed as soon as denials are enforced, not in permissive mode. */
TEST(sealed_by_parameter)
{
	int fd;

	if (!by_parameter)
		SKIP(return, "ipe.seal is not on the command line");
	fd = audit_open();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, policy_load(ACTIVE, &sealed_version, RULES));
	EXPECT_EQ('0', sealed());
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	ASSERT_EQ(0, policy_activate(ACTIVE));
	EXPECT_EQ('0', sealed());
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "1"));
	EXPECT_EQ('1', sealed());
	expect_recorded(_metadata, fd);
	audit_close(fd);
}

TEST(junk)
{
	const char before = sealed();

	EXPECT_EQ(-EINVAL, seal(""));
	EXPECT_EQ(-EINVAL, seal("junk"));
	EXPECT_EQ(-EINVAL, seal("2"));
	EXPECT_EQ(before, sealed());
}

TEST(permissive)
{
	if (by_parameter)
		SKIP(return, "it is sealed");
	ASSERT_EQ(0, write_string(IPE_ENFORCE, "0"));
	EXPECT_EQ(-EINVAL, seal("1"));
	EXPECT_EQ('0', sealed());
	EXPECT_EQ(0, write_string(IPE_ENFORCE, "1"));
}

TEST(zero_changes_nothing)
{
	if (by_parameter)
		SKIP(return, "it is sealed");
	EXPECT_EQ(0, seal("0"));
	EXPECT_EQ('0', sealed());
}

TEST(without_capability)
{
	const char before = sealed();

	ASSERT_EQ(0, cap_effective(CAP_MAC_ADMIN, false));
	EXPECT_EQ(-EPERM, seal("1"));
	EXPECT_EQ(-EPERM, seal("0"));
	EXPECT_EQ(0, cap_effective(CAP_MAC_ADMIN, true));
	EXPECT_EQ(before, sealed());
}

TEST(sealed_by_file)
{
	int fd;

	if (by_parameter)
		SKIP(return, "it is sealed");
	ASSERT_EQ(0, policy_load(ACTIVE, &sealed_version, RULES));
	ASSERT_EQ(0, policy_activate(ACTIVE));
	fd = audit_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, seal("1"));
	EXPECT_EQ('1', sealed());
	expect_recorded(_metadata, fd);
	/* Sealing again changes nothing. */
	EXPECT_EQ(0, seal("1"));
	EXPECT_EQ(0, audit_count(fd, AUDIT_MAC_STATUS));
	audit_close(fd);
}

TEST(no_way_back)
{
	EXPECT_EQ(-EPERM, seal("0"));
	EXPECT_EQ('1', sealed());
}

TEST(mode_stays)
{
	char before[65];
	int fd;

	ASSERT_EQ(0, ipe_snapshot(before));
	fd = audit_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, write_string(IPE_ENFORCE, "0"));
	/* Writing the present value succeeds. */
	EXPECT_EQ(0, write_string(IPE_ENFORCE, "1"));
	EXPECT_EQ(0, audit_count(fd, AUDIT_MAC_STATUS));
	audit_close(fd);
	expect_unchanged(_metadata, before);
}

/* A service manager may load and activate the same policy twice. */
TEST(same_policy_again)
{
	struct blob policy;
	char before[65];

	ASSERT_EQ(0, ipe_snapshot(before));
	policy.data = malloc(8192);
	ASSERT_NE(NULL, policy.data);
	policy.len = read_file(policy_file(ACTIVE, "pkcs7"), policy.data, 8192);
	ASSERT_LT(100, policy.len);
	EXPECT_EQ(0, policy_submit(policy_file(ACTIVE, "update"), policy.data,
				   policy.len));
	EXPECT_EQ(0, policy_activate(ACTIVE));
	blob_free(&policy);
	expect_unchanged(_metadata, before);
}

TEST(active_policy_stays)
{
	char before[65];
	int fd;

	ASSERT_EQ(0, policy_load(OTHER, &higher, ALLOW));
	fd = open(policy_file(OTHER, "active"), O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ipe_snapshot(before));
	EXPECT_EQ(-EPERM, policy_activate(OTHER));
	EXPECT_EQ(-EPERM, write_fd(fd, "1", 1));
	EXPECT_EQ(-EPERM, policy_update(ACTIVE, &higher, ALLOW));
	expect_unchanged(_metadata, before);
	close(fd);
}

/* systemd continues after this error, which IPE returns without a seal, too. */
TEST(older_policy_is_still_stale)
{
	char before[65];

	ASSERT_EQ(0, policy_load(OLD, &lower, ALLOW));
	ASSERT_EQ(0, ipe_snapshot(before));
	EXPECT_EQ(-ESTALE, policy_activate(OLD));
	expect_unchanged(_metadata, before);
}

TEST(nothing_is_deleted)
{
	char before[65];

	ASSERT_EQ(0, ipe_snapshot(before));
	EXPECT_EQ(-EPERM, policy_delete(ACTIVE));
	EXPECT_EQ(-EPERM, policy_delete(OTHER));
	expect_unchanged(_metadata, before);
}

/* Policies that are not active may be loaded and updated. */
TEST(inactive_policies_change)
{
	struct ipe_version more = higher;

	more.rev++;
	EXPECT_EQ(0, policy_load(NEW, NULL, ALLOW));
	EXPECT_EQ('0', policy_state(NEW));
	EXPECT_EQ(0, policy_update(OTHER, &more, ALLOW));
	EXPECT_EQ('0', policy_state(OTHER));
	EXPECT_EQ('1', policy_state(ACTIVE));
}

/* A trial decides nothing. It cannot become more than that. */
TEST(trial_goes_on)
{
	const char *const trial = policy_file(OTHER, "trial");
	char path[256], before[65], value[8];

	if (access(trial, F_OK))
		SKIP(return, "this kernel's IPE has no trials");
	ASSERT_EQ(0, ipe_snapshot(before));
	ASSERT_EQ(0, write_string(policy_file(OTHER, "trial"), "1"));
	EXPECT_EQ(-EPERM, policy_activate(OTHER));
	EXPECT_EQ(-EPERM, policy_delete(OTHER));
	EXPECT_EQ(1, read_file(policy_file(OTHER, "trial"), value,
			       sizeof(value)));
	EXPECT_EQ('1', value[0]);
	/* It would allow this. */
	ASSERT_EQ(0, subject_copy_probe("/tmp", path, sizeof(path)));
	EXPECT_EQ(-EACCES, try_execve(path));
	EXPECT_EQ(0, unlink(path));
	EXPECT_LT(0, read_file(policy_file(OTHER, "trial_stats"), path,
			       sizeof(path)));
	EXPECT_EQ(0, write_string(policy_file(OTHER, "trial"), "0"));
	expect_unchanged(_metadata, before);
}

FIXTURE(sealed)
{
};

FIXTURE_SETUP(sealed)
{
}

FIXTURE_TEARDOWN(sealed)
{
}

/* Each policy on trial; the active one and the mode cannot be others. */
TEST_F_TIMEOUT(sealed, combinations, 300)
{
	struct combination it = { .enforcing = true, .sealed = true };
	struct ipe_version version = higher;
	struct combination_files files;
	char rules[256], path[256];

	if (origin_missing())
		SKIP(return, "%s", origin_missing());
	test_path(path, sizeof(path), "");
	ASSERT_EQ(0, combination_prepare(&files, path, "/tmp"));
	test_path(files.trusted, sizeof(files.trusted), "probe");
	ASSERT_EQ(0, subject_copy_probe("/tmp", files.untrusted,
					sizeof(files.untrusted)));
	expect_combination(_metadata, &it, &files);
	ASSERT_EQ(0, policy_load(COMBINED_TRIAL, &version, ALLOW));
	if (access(policy_file(COMBINED_TRIAL, "trial"), F_OK))
		SKIP(return, "this kernel's IPE has no trials");
	for (it.trial = LENIENT; it.trial <= STRICT; it.trial++) {
		for (it.tried = UNNAMED; it.tried <= DENIES; it.tried++) {
			/* It cannot be deleted, but updated. */
			version.rev++;
			snprintf(rules, sizeof(rules), "%s%s",
				 trial_rules[it.trial], named_rules[it.tried]);
			ASSERT_EQ(0, policy_update(COMBINED_TRIAL, &version,
						   rules));
			expect_combination(_metadata, &it, &files);
			EXPECT_EQ(-EPERM, policy_activate(COMBINED_TRIAL));
			EXPECT_EQ(-EPERM, write_string(IPE_ENFORCE, "0"));
			EXPECT_EQ('1', policy_state(ACTIVE));
		}
	}
	EXPECT_EQ(0, write_string(policy_file(COMBINED_TRIAL, "trial"), "0"));
	EXPECT_EQ(0, unlink(files.untrusted));
	combination_clean(&files);
}

/* A policy without a signature, from a file: the same. */
TEST(path_after_the_seal)
{
	struct ipe_version more = higher;
	char path[256], before[65];

	if (origin_missing())
		SKIP(return, "%s", origin_missing());
	more.rev += 2;
	test_path(path, sizeof(path), "sealed.pol");
	ASSERT_EQ(0, origin_write(path, ORIGIN_NAME, NULL, ALLOW));
	EXPECT_EQ(0, origin_load(path));
	EXPECT_EQ('0', policy_state(ORIGIN_NAME));
	ASSERT_EQ(0, origin_write(path, ACTIVE, &more, ALLOW));
	ASSERT_EQ(0, ipe_snapshot(before));
	EXPECT_EQ(-EPERM, origin_update(ACTIVE, path));
	expect_unchanged(_metadata, before);
	EXPECT_EQ(0, unlink(path));
}

TEST(success_audit_changes)
{
	EXPECT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "1"));
	EXPECT_EQ(0, write_string(IPE_SUCCESS_AUDIT, "0"));
}

TEST(still_enforced)
{
	char path[256], probe[256];

	ASSERT_EQ(0, subject_copy_probe("/tmp", path, sizeof(path)));
	EXPECT_EQ(-EACCES, try_execve(path));
	EXPECT_EQ(0, unlink(path));
	EXPECT_EQ(0, try_execve(test_path(probe, sizeof(probe), "probe")));
}

int main(int argc, char **argv)
{
	const char *reason = ipe_unavailable();
	char value[8];
	int ret;

	if (!reason && access(IPE_SEAL, F_OK))
		reason = "this kernel's IPE has no seal";
	if (!reason && sealed() == '1')
		reason = "the machine is sealed already";
	if (reason) {
		ksft_print_header();
		ksft_exit_skip("%s\n", reason);
	}
	by_parameter = read_file("/sys/module/ipe/parameters/seal", value,
				 sizeof(value)) == 2 && value[0] == 'Y';
	if (audit_enable(true) || (!by_parameter && ipe_reset())) {
		ksft_print_header();
		ksft_exit_fail_msg("IPE or auditing is not as it should be\n");
	}
	lower = sealed_version = higher = ipe_version();
	sealed_version.minor += 1;
	higher.minor += 2;
	harness_be_patient();
	ret = test_harness_run(argc, argv);
	audit_enable(false);
	return ret;
}
